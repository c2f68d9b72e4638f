#include "server/broker/metadata_loader.h"

#include <utility>

namespace leat::broker {
namespace {

absl::Status NoSnapshot() {
  return absl::DataLossError("the beginning is missing and no complete snapshot replaces it");
}

}  // namespace

MetadataLoader::MetadataLoader(const TopicLimits& limits, record::Offset log_start)
    : limits_(limits) {
  if (log_start == record::Offset{}) state_.emplace(limits);
}

absl::Status MetadataLoader::Add(const internal::MetadataRecord& record) {
  if (record.has_snapshot_part()) return AddSnapshotPart(record);
  snapshot_.reset();  // It was interrupted.
  if (!state_.has_value()) return NoSnapshot();
  return state_->Apply(record).status();
}

absl::Status MetadataLoader::AddSnapshotPart(const internal::MetadataRecord& record) {
  const internal::SnapshotPart& part = record.snapshot_part();
  if (part.index() == 0) {
    snapshot_.emplace(limits_);
    next_part_ = 0;
  }
  if (!snapshot_.has_value() || part.index() != next_part_) {
    return absl::DataLossError("a snapshot lacks one of its parts");
  }
  absl::StatusOr<TopicChange> applied = snapshot_->Apply(record);
  if (!applied.ok()) return applied.status();
  ++next_part_;
  if (part.last()) state_ = std::exchange(snapshot_, std::nullopt);
  return absl::OkStatus();
}

absl::StatusOr<TopicState> MetadataLoader::Finish() && {
  if (!state_.has_value()) return NoSnapshot();
  return *std::move(state_);
}

}  // namespace leat::broker
