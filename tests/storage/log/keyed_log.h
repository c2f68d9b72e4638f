// A log of records with keys, and all that was ever appended to it, to hold against what is read.

#ifndef LEAT_TESTS_STORAGE_LOG_KEYED_LOG_H_
#define LEAT_TESTS_STORAGE_LOG_KEYED_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/log/compaction_keys.h"
#include "storage/log/log.h"
#include "storage/record/batch.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {

struct KeyedRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;  // None makes a tombstone.
  int64_t timestamp_ms = 0;
  // Filled in when it was appended, or read.
  std::string element = {};
  int64_t append_timestamp_ms = 0;

  friend bool operator==(const KeyedRecord&, const KeyedRecord&) = default;
};

// By offset.
using KeyedRecords = std::map<int64_t, KeyedRecord>;

// The records of one batch, with their offsets.
KeyedRecords RecordsOf(const record::Batch& batch);

class KeyedLog : public LogFixture {
 public:
  explicit KeyedLog(const LogOptions& options, uint64_t seed = 1) : LogFixture(options, seed) {}

  // Appends one batch and turns the loop until it is answered.
  absl::Status AppendKeyed(const std::vector<KeyedRecord>& records,
                           record::Codec codec = record::Codec::kNone);
  absl::Status AppendKeyed(const std::string& key, std::optional<std::string> value) {
    return AppendKeyed({{.key = key, .value = std::move(value)}});
  }

  // Seals the active segment: what comes next goes to another one.
  void Roll();

  // Begins a run of compaction; `compacting` until it has ended.
  void BeginCompaction(const CompactionLimits& limits = {});
  bool compacting() const { return compacting_; }
  absl::Status Compact(const CompactionLimits& limits = {});
  const CompactionReport& report() const { return report_; }
  const absl::Status& compaction_status() const { return status_; }
  // After the log was opened again: a run under way is no more.
  void ForgetCompaction() { compacting_ = false; }

  // All that is there, by many reads. Checks that batches follow one another without a gap.
  KeyedRecords ReadKeyed(size_t max_bytes = 1 << 20);

  // Whether `seen` is what a reader of [from, to) may find, whatever was compacted: records as they
  // were appended, and of every key the last one.
  void ExpectSound(const KeyedRecords& seen, int64_t from, int64_t to) const;
  // The same for all that is there; and no value is without the tombstone that deleted it.
  void ExpectSound();

  // Base offset of the last segment file: all before it is sealed.
  int64_t SealedEnd();

  const KeyedRecords& appended() const { return appended_; }
  int64_t end() const { return end_; }

 private:
  KeyedRecords appended_;
  int64_t end_ = 0;
  bool compacting_ = false;
  absl::Status status_;
  CompactionReport report_;
};

// Of each key the last offset below `end`.
std::map<std::string, int64_t> LastOffsets(const KeyedRecords& records, int64_t end);

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_KEYED_LOG_H_
