// Finds the groups in the records of their log: the newest complete snapshot and what follows it.
// Pure; one thread.
//
// A log that was never trimmed begins with the first change, any other with a snapshot. A snapshot
// that was interrupted counts for nothing, and so does a batch that follows on one which never
// became durable.

#ifndef LEAT_SERVER_GROUP_GROUP_LOADER_H_
#define LEAT_SERVER_GROUP_GROUP_LOADER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/group/group_records.pb.h"
#include "server/group/group_state.h"

namespace leat::group {

class GroupLoader {
 public:
  struct Loaded {
    GroupState state;
    uint64_t generation = 0;  // The highest there is; 0 in an empty log.
  };

  // `log_start`: of the log whose records are to come.
  GroupLoader(const GroupLimits& limits, int64_t log_start);

  // Takes the next record of the log. DATA_LOSS when it cannot follow.
  absl::Status Add(const std::string& record);

  // After the last record. DATA_LOSS when a trimmed log holds no complete snapshot.
  absl::StatusOr<Loaded> Finish() &&;

 private:
  // Whether a batch follows on those before. DATA_LOSS when it is older than they are.
  absl::StatusOr<bool> Follows(const internal::GroupBatch& batch);
  absl::Status AddRecord(const internal::GroupRecord& record);
  absl::Status AddSnapshotPart(const internal::GroupRecord& record);

  GroupLimits limits_;
  std::optional<GroupState> state_;     // nullopt until a trimmed log's snapshot is complete.
  std::optional<GroupState> snapshot_;  // The one being read.
  uint32_t next_part_ = 0;
  bool any_ = false;  // A batch was taken; `generation_` and `sequence_` are the last one's.
  uint64_t generation_ = 0;
  uint64_t sequence_ = 0;
  uint64_t highest_generation_ = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_LOADER_H_
