#include "server/broker/metadata_log.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "server/broker/metadata_batch.h"
#include "storage/io/check.h"
#include "storage/record/error.h"

namespace leat::broker {
namespace {

using record::Reason;

constexpr size_t kReadBytes = 1 << 20;

// Whether a failed append certainly left nothing behind, so that later ones may go on.
bool WasRefused(const absl::Status& status) {
  const std::optional<Reason> reason = record::ReasonOf(status);
  return reason == Reason::kDiskFull || reason == Reason::kServerStopping;
}

}  // namespace

MetadataLog::MetadataLog(std::unique_ptr<log::Log> log, Surroundings surroundings,
                         const Options& options)
    : log_(std::move(log)), surroundings_(std::move(surroundings)), options_(options) {}

// --- Loading ---

void MetadataLog::Load(io::IoCallback done) {
  loaded_ = std::move(done);
  loader_.emplace(options_.limits, log_->log_start());
  ReadOn(log_->log_start());
}

void MetadataLog::ReadOn(record::Offset from) {
  if (from == log_->high_watermark()) return EndLoad(absl::OkStatus());
  log_->Read(from, kReadBytes, [this](absl::StatusOr<log::ReadResult> result) {
    if (!result.ok()) return EndLoad(result.status());
    absl::Status loaded = LoadBatches(result->batches);
    if (!loaded.ok()) return EndLoad(std::move(loaded));
    ReadOn(result->next_offset);
  });
}

absl::Status MetadataLog::LoadBatches(const std::vector<record::Batch>& batches) {
  for (const record::Batch& batch : batches) {
    auto records = DecodeMetadataBatch(batch);
    absl::Status added = records.status();
    for (size_t i = 0; added.ok() && i < records->size(); ++i) added = loader_->Add((*records)[i]);
    if (!added.ok()) {
      return absl::DataLossError(fmt::format(
          "__meta, offset {}: {}", batch.header.base_offset.value, std::string(added.message())));
    }
    Count(records->front(), MetadataBatchBytes(batch));
  }
  return absl::OkStatus();
}

void MetadataLog::EndLoad(absl::Status status) {
  if (status.ok()) {
    absl::StatusOr<TopicState> state = (*std::move(loader_)).Finish();
    if (state.ok()) {
      state_ = *std::move(state);
    } else {
      status =
          absl::DataLossError(fmt::format("__meta: {}", std::string(state.status().message())));
    }
  }
  loader_.reset();
  std::exchange(loaded_, nullptr)(std::move(status));
}

// --- Commands ---

void MetadataLog::Submit(TopicCommand command, Answer<TopicHandle> done) {
  if (closing_) return std::move(done)(ServerStopping());
  waiting_.push_back({std::move(command), std::move(done)});
  Next();
}

void MetadataLog::Next() {
  while (!busy_ && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    Execute(std::move(next));
  }
  if (busy_) return;
  if (closing_) {
    busy_ = true;
    return log_->Close(std::exchange(closed_, nullptr));
  }
  const uint64_t due = std::max(options_.snapshot_interval_bytes, 4 * snapshot_bytes_);
  if (bytes_since_snapshot_ > due && failure_.ok()) {
    busy_ = true;
    WriteSnapshot(state_->Snapshot(), 0, {});
  }
}

void MetadataLog::Execute(Waiting waiting) {
  absl::Status refusal = Refusal();
  if (!refusal.ok()) return std::move(waiting.done)(std::move(refusal));
  const uint64_t random_high = surroundings_.random();
  const log::Uuid new_id = MakeUuid(random_high, surroundings_.random());
  absl::StatusOr<TopicState::Decision> decision =
      state_->Handle(waiting.command, surroundings_.clock->WallMillis(), new_id);
  if (!decision.ok()) return std::move(waiting.done)(decision.status());
  if (decision->records.empty()) return std::move(waiting.done)(std::move(decision->topic));

  busy_ = true;
  auto kept = std::make_unique<TopicState::Decision>(*std::move(decision));
  const std::vector<internal::MetadataRecord>& records = kept->records;
  Append(records, [this, kept = std::move(kept), done = std::move(waiting.done)](
                      const absl::StatusOr<log::AppendResult>& result) mutable {
    if (result.ok()) return OnDurable(std::move(*kept), std::move(done));
    NoteFailure(result.status());
    std::move(done)(result.status());
    EndWork();
  });
}

void MetadataLog::OnDurable(TopicState::Decision decision, Answer<TopicHandle> done) {
  std::vector<TopicChange> changes;
  for (const internal::MetadataRecord& record : decision.records) {
    absl::StatusOr<TopicChange> change = state_->Apply(record);
    LEAT_CHECK(change.ok());  // `Handle` made it for this very state.
    changes.push_back(*std::move(change));
  }
  surroundings_.publish(std::move(changes), [this, topic = std::move(decision.topic),
                                             done = std::move(done)]() mutable {
    std::move(done)(std::move(topic));
    EndWork();
  });
}

void MetadataLog::EndWork() {
  busy_ = false;
  Next();
}

absl::Status MetadataLog::Refusal() const {
  if (closing_) return ServerStopping();
  if (failure_.ok()) return absl::OkStatus();
  const std::string detail = fmt::format(
      "topics cannot be changed until the server has been restarted, since a change could not be "
      "written: {}",
      std::string(failure_.message()));
  return record::MakeError(Reason::kPartitionOffline, detail, {{"detail", detail}});
}

void MetadataLog::Close(io::IoCallback done) {
  closing_ = true;
  closed_ = std::move(done);
  Next();
}

// --- Snapshots ---

// One part after the other, so that a part that is refused leaves a snapshot without an end, and
// never one with a hole.
void MetadataLog::WriteSnapshot(std::vector<internal::MetadataRecord> parts, size_t next,
                                record::Offset first_offset) {
  if (next == parts.size()) return OnSnapshotDurable(first_offset);
  const std::vector<internal::MetadataRecord> part = {parts[next]};
  Append(part, [this, parts = std::move(parts), next,
                first_offset](absl::StatusOr<log::AppendResult> result) mutable {
    if (!result.ok()) {
      NoteFailure(result.status());
      return EndWork();
    }
    WriteSnapshot(std::move(parts), next + 1, next == 0 ? result->base_offset : first_offset);
  });
}

void MetadataLog::OnSnapshotDurable(record::Offset first_offset) {
  surroundings_.save_start(first_offset, [this, first_offset](const absl::Status& saved) {
    // If it was not saved, what lies before stays until the next snapshot.
    if (saved.ok()) log_->TrimTo(first_offset);
    EndWork();
  });
}

// --- Writing ---

void MetadataLog::Append(const std::vector<internal::MetadataRecord>& records,
                         Callback<log::AppendResult> done) {
  record::Batch batch = EncodeMetadataBatch(records, surroundings_.clock->WallMillis());
  Count(records.front(), MetadataBatchBytes(batch));
  log_->Append(std::move(batch), std::move(done));
}

void MetadataLog::NoteFailure(const absl::Status& status) {
  if (!WasRefused(status) && failure_.ok()) failure_ = status;
}

void MetadataLog::Count(const internal::MetadataRecord& first_of_batch, uint64_t batch_bytes) {
  if (!first_of_batch.has_snapshot_part()) {
    bytes_since_snapshot_ += batch_bytes;
    return;
  }
  if (first_of_batch.snapshot_part().index() == 0) snapshot_bytes_ = 0;
  snapshot_bytes_ += batch_bytes;
  bytes_since_snapshot_ = 0;
}

}  // namespace leat::broker
