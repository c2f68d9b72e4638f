// Where a log's keys came last: what a conditional append by key is held against.
//
// It knows of the keys that were appended last, as many as it may, and from where on it knows all
// of them: its horizon. What is queued is in here at once; when that is not appended after all, its
// keys are not known any more. Memory only, at most 112 bytes a key. Owned by the log's `Appender`;
// the log's thread.

#ifndef LEAT_STORAGE_LOG_KEY_OFFSETS_H_
#define LEAT_STORAGE_LOG_KEY_OFFSETS_H_

#include <cstddef>
#include <list>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "storage/log/id_window.h"
#include "storage/record/batch.h"
#include "storage/record/fingerprint.h"
#include "storage/record/ids.h"

namespace leat::log {

// Records that are to be appended: those that `places` (may be null) does not call duplicates.
struct KeyedRecords {
  const record::KeyFingerprints& keys;
  const RecordPlaces* places = nullptr;
};

class KeyOffsets {
 public:
  // Knows of at most `max_keys`; zero turns it off. It begins with what comes at `log_end`.
  void SetLimit(size_t max_keys, record::Offset log_end);
  bool on() const { return max_keys_ > 0; }

  // OK when the log, up to `log_end`, has no record with one of the keys of `records` at `expected`
  // or after it. kOffsetConflict: it has one, or may have one that is forgotten. kKeysNotChecked,
  // kOffsetOutOfRange.
  absl::Status Check(const KeyedRecords& records, record::Offset expected,
                     record::Offset log_end) const;

  // Takes in `records`, which are queued now. `header` is that of their batch.
  void Add(const KeyedRecords& records, const record::BatchHeader& header);

  // Of the records before `log_end` nobody knows the keys: begins anew there.
  void BeginAt(record::Offset log_end);

  // Forgets records from `log_end` on.
  void TakeBack(record::Offset log_end);

  // Keys that came here or later are known.
  record::Offset horizon() const { return horizon_; }

 private:
  struct LastOffset {
    record::Fingerprint key;
    record::Offset offset;
  };
  using ByOffset = std::list<LastOffset>;

  void Add(const record::Fingerprint& key, record::Offset offset);
  // Forgets those that came longest ago.
  void Shrink();

  size_t max_keys_ = 0;
  record::Offset horizon_;
  ByOffset by_offset_;  // Oldest first.
  absl::flat_hash_map<record::Fingerprint, ByOffset::iterator> by_key_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_KEY_OFFSETS_H_
