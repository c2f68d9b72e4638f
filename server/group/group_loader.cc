#include "server/group/group_loader.h"

#include <algorithm>
#include <utility>

namespace leat::group {
namespace {

absl::Status NoSnapshot() {
  return absl::DataLossError("the beginning is missing and no complete snapshot replaces it");
}

}  // namespace

GroupLoader::GroupLoader(const GroupLimits& limits, int64_t log_start) : limits_(limits) {
  if (log_start == 0) state_.emplace(limits);
}

absl::StatusOr<bool> GroupLoader::Follows(const internal::GroupBatch& batch) {
  if (batch.generation() < highest_generation_ || batch.sequence() == 0) {
    return absl::DataLossError("a batch is out of order");
  }
  highest_generation_ = batch.generation();
  // A trimmed log begins anywhere, any other with the first batch of a generation.
  if (!any_ && !state_.has_value()) return true;
  return batch.generation() == generation_ ? batch.sequence() == sequence_ + 1
                                           : batch.sequence() == 1;
}

absl::Status GroupLoader::Add(const std::string& record) {
  internal::GroupBatch batch;
  if (!batch.ParseFromString(record)) return absl::DataLossError("not a record of the groups' log");
  absl::StatusOr<bool> follows = Follows(batch);
  if (!follows.ok()) return follows.status();
  if (!*follows) return absl::OkStatus();
  any_ = true;
  generation_ = batch.generation();
  sequence_ = batch.sequence();
  for (const internal::GroupRecord& change : batch.records()) {
    absl::Status added = AddRecord(change);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

absl::Status GroupLoader::AddRecord(const internal::GroupRecord& record) {
  if (record.has_snapshot_part()) return AddSnapshotPart(record);
  snapshot_.reset();  // It was interrupted.
  if (!state_.has_value()) return NoSnapshot();
  return state_->Apply(record);
}

absl::Status GroupLoader::AddSnapshotPart(const internal::GroupRecord& record) {
  const internal::GroupSnapshotPart& part = record.snapshot_part();
  if (part.index() == 0) {
    snapshot_.emplace(limits_);
    next_part_ = 0;
  }
  if (!snapshot_.has_value() || part.index() != next_part_) {
    return absl::DataLossError("a snapshot lacks one of its parts");
  }
  absl::Status applied = snapshot_->Apply(record);
  if (!applied.ok()) return applied;
  ++next_part_;
  if (part.last()) state_ = std::exchange(snapshot_, std::nullopt);
  return absl::OkStatus();
}

absl::StatusOr<GroupLoader::Loaded> GroupLoader::Finish() && {
  if (!state_.has_value()) return NoSnapshot();
  return Loaded{.state = *std::move(state_), .generation = highest_generation_};
}

}  // namespace leat::group
