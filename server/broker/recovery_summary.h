// What the start found; for the server's own log and GetServerInfo. Plain values; any thread.

#ifndef LEAT_SERVER_BROKER_RECOVERY_SUMMARY_H_
#define LEAT_SERVER_BROKER_RECOVERY_SUMMARY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "storage/log/recovery.h"

namespace leat::broker {

struct RecoverySummary {
  struct Entry {
    std::string topic;  // Its id when no name is known.
    uint32_t partition = 0;
    log::Finding finding;
  };
  static constexpr size_t kMaxFindings = 1'000;

  absl::Duration duration;
  bool new_directory = false;   // There was no run before.
  bool clean_shutdown = false;  // Of the run before.
  uint64_t partitions_opened = 0;
  uint64_t bytes_checked = 0;
  std::vector<Entry> findings;  // At most `kMaxFindings`.
  uint64_t findings_total = 0;

  void AddFinding(Entry entry) {
    ++findings_total;
    if (findings.size() < kMaxFindings) findings.push_back(std::move(entry));
  }
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_RECOVERY_SUMMARY_H_
