// The file that keeps what a log knows of its producers, and of its message ids, up to some offset:
// what the batches before it say need not be read again, and may be gone.
//
// One for each log that ever had a producer, or remembered ids, replaced atomically. Encoding any
// thread; reading and writing block. Layout: docs/disk_format.md.

#ifndef LEAT_STORAGE_LOG_PRODUCER_SNAPSHOT_H_
#define LEAT_STORAGE_LOG_PRODUCER_SNAPSHOT_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/id_window.h"
#include "storage/log/producer_table.h"
#include "storage/record/ids.h"

namespace leat::log {

inline constexpr std::string_view kProducerSnapshotName = "producers.snapshot";

// A place between two frames.
struct LogPlace {
  record::Offset next_offset;          // The first one after it.
  record::Offset segment_base_offset;  // Of the segment in which it lies,
  io::FilePosition position;           // and where.

  friend bool operator==(const LogPlace&, const LogPlace&) = default;
};

struct ProducerSnapshot {
  LogPlace place;  // What lies before it is in the table.
  ProducerTable table;
  std::deque<KnownId> ids;  // In order of offsets.
};

// What recovery found of a log's producers.
struct RecoveredProducers {
  ProducerTable table;
  std::deque<KnownId> ids;
  std::optional<record::Offset> saved;  // Where the snapshot on disk lies; nullopt: there is none.
  uint64_t bytes_since = 0;             // Read after it.
};

// `table` is what is known at `place`; of `ids` those before it are taken.
std::string EncodeProducerSnapshot(const PartitionKey& key, const LogPlace& place,
                                   const ProducerTable& table, const std::deque<KnownId>& ids);

// DATA_LOSS naming what is wrong, or that it is another partition's; UNIMPLEMENTED when of an
// unknown version.
absl::StatusOr<ProducerSnapshot> DecodeProducerSnapshot(const PartitionKey& key,
                                                        std::string_view bytes);

// Replaces the file in a log's directory by an encoded snapshot; durable once this returns OK. Safe
// to repeat.
absl::Status WriteProducerSnapshot(io::FileSystem& files, const std::string& directory,
                                   std::string_view bytes);

// NOT_FOUND when there is none; else as `DecodeProducerSnapshot`.
absl::StatusOr<ProducerSnapshot> ReadProducerSnapshot(io::FileSystem& files,
                                                      const std::string& directory,
                                                      const PartitionKey& key);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_PRODUCER_SNAPSHOT_H_
