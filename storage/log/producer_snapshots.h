// When a log's snapshot of its producers is to be written, and the writing of it, in the
// background.
//
// The first one is there before the first batch of a producer is, so that a log without the file
// needs no looking into. Later ones follow when much was appended since, and before a segment is
// sealed, which may be removed then. Owned by the log's `Appender`; the log's thread.

#ifndef LEAT_STORAGE_LOG_PRODUCER_SNAPSHOTS_H_
#define LEAT_STORAGE_LOG_PRODUCER_SNAPSHOTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "storage/io/event_loop.h"
#include "storage/log/checkpoint.h"
#include "storage/log/log_types.h"
#include "storage/log/producer_snapshot.h"
#include "storage/record/ids.h"

namespace leat::log {

class ProducerSnapshots {
 public:
  // So much may have to be read again after a crash, and so many times what one takes: writing them
  // is a small part of what is appended.
  static constexpr uint64_t kIntervalBytes = 64 << 20;
  static constexpr uint64_t kIntervalRatio = 8;

  // `recovered` tells of the one on disk.
  ProducerSnapshots(const LogEnvironment& environment, std::string directory,
                    const PartitionKey& key, const RecoveredProducers& recovered)
      : environment_(environment),
        directory_(std::move(directory)),
        key_(key),
        saved_(recovered.saved),
        bytes_since_(recovered.bytes_since) {}

  // Counts bytes that became durable.
  void Count(uint64_t bytes) { bytes_since_ += bytes; }

  // Whether there must be one before a producer's batch may be written.
  bool missing() const { return !saved_.has_value(); }
  // Whether there is one, and more is durable than it says.
  bool Behind(record::Offset high_watermark) const {
    return saved_.has_value() && *saved_ < high_watermark;
  }
  // Whether it is far behind.
  bool due() const { return !busy_ && saved_.has_value() && bytes_since_ >= interval_bytes_; }
  bool busy() const { return busy_; }

  // Writes one: what is known at `place`. Must not be busy. `done` runs on the loop's thread, never
  // inside the call; this must live until then.
  void Write(const LogPlace& place, const ProducerTable& table, const std::deque<KnownId>& ids,
             io::IoCallback done);

 private:
  const LogEnvironment environment_;
  const std::string directory_;
  const PartitionKey key_;
  std::optional<record::Offset> saved_;
  uint64_t bytes_since_ = 0;
  uint64_t interval_bytes_ = kIntervalBytes;
  bool busy_ = false;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_PRODUCER_SNAPSHOTS_H_
