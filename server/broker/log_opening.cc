#include "server/broker/log_opening.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

namespace leat::broker {

absl::StatusOr<log::RecoveredLog> RecoverOrMarkCorrupt(io::FileSystem& files,
                                                       const log::RecoveryInput& input) {
  absl::StatusOr<log::RecoveredLog> recovered = log::RecoverLog(files, input);
  if (absl::IsDataLoss(recovered.status())) return Unreadable(input, recovered.status());
  return recovered;
}

absl::StatusOr<std::vector<log::RecoveredLog>> RecoverAll(
    io::FileSystem& files, const std::vector<log::RecoveryInput>& inputs, size_t threads) {
  std::vector<log::RecoveredLog> logs(inputs.size());
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  absl::Status error;  // Of the one that set `failed`.
  const auto work = [&] {
    for (size_t i = next++; i < inputs.size() && !failed; i = next++) {
      absl::StatusOr<log::RecoveredLog> recovered = RecoverOrMarkCorrupt(files, inputs[i]);
      if (recovered.ok()) {
        logs[i] = *std::move(recovered);
      } else if (!failed.exchange(true)) {
        error = recovered.status();
      }
    }
  };
  std::vector<std::thread> helpers;
  while (helpers.size() + 1 < std::min(threads, inputs.size())) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failed) return error;
  return logs;
}

log::RecoveredLog Unreadable(const log::RecoveryInput& input, const absl::Status& status) {
  log::RecoveredLog log;
  log.log_start = input.log_start;
  log.next_offset = input.log_start;
  log.corrupt = log::Finding{.kind = log::Finding::Kind::kCorrupt,
                             .file = input.directory,
                             .offset = input.log_start,
                             .detail = std::string(status.message())};
  log.findings.push_back(*log.corrupt);
  return log;
}

log::RecoveredLog SummaryOf(const log::RecoveredLog& recovered) {
  return {.log_start = recovered.log_start,
          .next_offset = recovered.next_offset,
          .corrupt = recovered.corrupt,
          .findings = recovered.findings,
          .bytes_checked = recovered.bytes_checked};
}

}  // namespace leat::broker
