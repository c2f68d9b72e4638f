// Finds the state of the topics in the records of `__meta`: the newest complete snapshot and what
// follows it. Pure; one thread.
//
// A log that was never trimmed begins with the first change, any other with a snapshot. A snapshot
// that was interrupted counts for nothing.

#ifndef LEAT_SERVER_BROKER_METADATA_LOADER_H_
#define LEAT_SERVER_BROKER_METADATA_LOADER_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/metadata.pb.h"
#include "server/broker/topic_state.h"
#include "storage/record/ids.h"

namespace leat::broker {

class MetadataLoader {
 public:
  // `log_start`: of the log whose records are to come.
  MetadataLoader(const TopicLimits& limits, record::Offset log_start);

  // Takes the next record. DATA_LOSS when it cannot follow.
  absl::Status Add(const internal::MetadataRecord& record);

  // After the last record. DATA_LOSS when a trimmed log holds no complete snapshot.
  absl::StatusOr<TopicState> Finish() &&;

 private:
  absl::Status AddSnapshotPart(const internal::MetadataRecord& record);

  TopicLimits limits_;
  std::optional<TopicState> state_;     // nullopt until a trimmed log's snapshot is complete.
  std::optional<TopicState> snapshot_;  // The one being read.
  uint32_t next_part_ = 0;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_METADATA_LOADER_H_
