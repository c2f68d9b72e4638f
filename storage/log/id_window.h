// The message ids of a log's last records: by which a record that comes again is known.
//
// An id is known for at least the window's time, by the monotonic clock, unless as many others as
// the window holds came after it. What is queued is in here at once, and is taken back when it is
// not appended after all. Memory only: at most 96 bytes an id. Owned by the log's `Appender`; the
// log's thread.

#ifndef LEAT_STORAGE_LOG_ID_WINDOW_H_
#define LEAT_STORAGE_LOG_ID_WINDOW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "storage/io/clock.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"
#include "storage/record/message_ids.h"

namespace leat::log {

// A record that has an id.
struct KnownId {
  record::Fingerprint id;
  record::Offset offset;
  int64_t append_timestamp_ms = 0;

  friend bool operator==(const KnownId&, const KnownId&) = default;
};

// Where the records of an append are, some of which were in the log before, or repeat one of the
// same append.
struct RecordPlaces {
  std::vector<record::Offset> offsets;
  std::vector<bool> duplicates;
  size_t duplicate_count = 0;
  int64_t append_timestamp_ms = 0;  // Of the first of the duplicates.

  bool all_duplicates() const { return duplicate_count == offsets.size(); }
  // After the last of them.
  record::Offset next_offset() const {
    return *std::max_element(offsets.begin(), offsets.end()) + 1;
  }
};

class IdWindow {
 public:
  // Zero is no window; then nothing is known.
  void SetLimits(absl::Duration time, size_t max_ids);
  bool on() const { return time_ > absl::ZeroDuration(); }

  // Where `records` are once those of them that are new were appended at `log_end`. Null when all
  // of them are new.
  std::shared_ptr<const RecordPlaces> Place(const record::IdentifiedRecords& records,
                                            record::Offset log_end) const;

  // Takes in a record, in order of offsets.
  void Add(const KnownId& known, io::MonotonicTime now);

  // Takes in what is new of `records`, which are queued now: all, or those that `places` (may be
  // null) does not call duplicates. `header` is that of their batch.
  void Add(const record::IdentifiedRecords& records, const RecordPlaces* places,
           const record::BatchHeader& header, io::MonotonicTime now);

  // Forgets records from `log_end` on.
  void TakeBack(record::Offset log_end);

  // Forgets what is no longer in the window; of what is not durable, nothing.
  void Forget(io::MonotonicTime now, record::Offset high_watermark);

  // Oldest first.
  const std::deque<KnownId>& known() const { return known_; }

 private:
  // Ids are forgotten a slice of the window at a time.
  static constexpr int kSlices = 64;

  struct Slice {
    io::MonotonicTime begin;  // Of its first id.
    io::MonotonicTime end;    // Of its last.
    uint64_t first = 0;       // Number of its first id.
  };

  uint64_t end() const { return first_ + known_.size(); }
  const KnownId* Find(const record::Fingerprint& id) const;
  bool AllNew(const record::IdentifiedRecords& records) const;
  // Takes number `number`, which names `id`, out of the index.
  void Unindex(const record::Fingerprint& id, uint64_t number);

  absl::Duration time_;
  size_t max_ids_ = 0;
  std::deque<KnownId> known_;
  uint64_t first_ = 0;      // Number of the first of them: ids are numbered as they come.
  uint64_t keep_from_ = 0;  // Those before have been in the window for its whole time.
  absl::flat_hash_map<record::Fingerprint, uint64_t> numbers_;
  std::deque<Slice> slices_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_ID_WINDOW_H_
