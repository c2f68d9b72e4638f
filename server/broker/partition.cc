#include "server/broker/partition.h"

#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "server/broker/topic.h"
#include "spdlog/spdlog.h"
#include "storage/record/error.h"

namespace leat::broker {

Partition::Partition(const log::PartitionKey& key, std::unique_ptr<log::Log> log)
    : key_(key), log_(std::move(log)), logged_state_(log_->state()) {
  log_->set_observer([this] { OnLogChange(); });
}

bool Partition::Append(record::Batch batch, const log::AppendConditions& conditions,
                       Answer<log::AppendResult> done) {
  if (!refusal_.ok()) {
    std::move(done)(refusal_);
    return false;
  }
  done.BeginAppend();
  return log_->Append(
      std::move(batch), conditions,
      [this, done = std::move(done)](absl::StatusOr<log::AppendResult> result) mutable {
        NoteSpace(result.status());
        std::move(done)(std::move(result));
      });
}

void Partition::FindProducer(const ProducerGrant& grant,
                             Answer<std::optional<log::ProducerBatch>> found) {
  if (!refusal_.ok()) return std::move(found)(refusal_);
  log_->FindProducer(grant.producer_id, grant.number, std::move(found));
}

std::string Partition::Name() const {
  return fmt::format("{}/{}", FormatUuid(key_.topic_id), key_.partition);
}

void Partition::NoteSpace(const absl::Status& appended) {
  const bool full = record::ReasonOf(appended) == record::Reason::kDiskFull;
  if (full == disk_full_ || !(full || appended.ok())) return;
  disk_full_ = full;
  if (full) {
    spdlog::warn("partition {}: appends are refused: {}", Name(), std::string(appended.message()));
  } else {
    spdlog::info("partition {}: appends are taken again", Name());
  }
}

void Partition::NoteRead(record::Offset from, const absl::StatusOr<log::ReadResult>& read) {
  if (read.ok()) {
    if (!read_fault_.has_value()) return;
    if (from <= read_fault_->offset && read_fault_->offset < read->next_offset) read_fault_.reset();
    return;
  }
  // Of a corrupt log the start has told everything.
  if (record::ReasonOf(read.status()) != record::Reason::kLogCorrupt ||
      log_->state() == log::LogState::kCorrupt) {
    return;
  }
  std::string detail(read.status().message());
  if (read_fault_.has_value() && read_fault_->detail == detail) return;
  spdlog::error("partition {}: a read met damage: offset {} is not readable: {}", Name(),
                from.value, detail);
  read_fault_ = {.offset = from, .detail = std::move(detail)};
}

void Partition::Fetch(uint64_t ticket, const FetchSpec& spec, Answer<FetchResult> done) {
  if (!refusal_.ok()) return std::move(done)(refusal_);
  if (spec.wait && spec.from == log_->high_watermark()) {
    if (log_->state() == log::LogState::kCorrupt) return std::move(done)(log_->state_detail());
    return waiters_.Add(ticket, {spec.from, spec.max_bytes, std::move(done)});
  }
  Read(spec.from, spec.max_bytes, std::move(done));
}

void Partition::CancelFetch(uint64_t ticket) {
  std::optional<WaitingFetch> fetch = waiters_.Take(ticket);
  if (!fetch.has_value()) return;
  std::move(fetch->done)(record::MakeError(record::Reason::kCallEnded, "the fetch was cancelled"));
}

void Partition::Read(record::Offset from, size_t max_bytes, Answer<FetchResult> done) {
  log_->Read(from, max_bytes,
             [this, from, done = std::move(done)](absl::StatusOr<log::ReadResult> read) mutable {
               NoteRead(from, read);
               if (!read.ok()) return std::move(done)(read.status());
               std::move(done)(FetchResult{.batches = std::move(read->batches),
                                           .next_offset = read->next_offset,
                                           .log_start = log_->log_start(),
                                           .high_watermark = log_->high_watermark()});
             });
}

void Partition::FindTimestamp(int64_t timestamp_ms, Answer<record::Offset> done) {
  if (!refusal_.ok()) return std::move(done)(refusal_);
  log_->FindTimestamp(timestamp_ms, std::move(done));
}

PartitionStatus Partition::Status() const {
  PartitionStatus status{.partition = key_.partition,
                         .log_start = log_->log_start(),
                         .high_watermark = log_->high_watermark(),
                         .bytes_on_disk = log_->bytes_on_disk(),
                         .segment_count = log_->segment_count(),
                         .state = log_->state(),
                         .state_detail = std::string(log_->state_detail().message())};
  if (read_fault_.has_value() && log_->log_start() <= read_fault_->offset) {
    if (!status.state_detail.empty()) status.state_detail += "; ";
    status.state_detail += fmt::format("offset {} is not readable: {}", read_fault_->offset.value,
                                       read_fault_->detail);
  }
  return status;
}

std::optional<record::Offset> Partition::RetentionTarget() {
  return refusal_.ok() ? log_->RetentionTarget() : std::nullopt;
}

void Partition::TrimTo(record::Offset log_start) {
  if (refusal_.ok()) log_->TrimTo(log_start);
}

bool Partition::CompactionDue() { return refusal_.ok() && log_->CompactionDue(); }

void Partition::Compact(const log::CompactionLimits& limits, io::Task ended) {
  log_->Compact(limits, [this, ended = std::move(ended)](
                            const absl::Status& status,
                            const log::CompactionReport& report) mutable {
    if (report.segments_rewritten > 0) {
      spdlog::info(
          "partition {}: compaction took {} records out of {} segments, {} bytes are {} now, in {} "
          "passes",
          Name(), report.records_removed, report.segments_rewritten, report.bytes_before,
          report.bytes_after, report.passes);
    }
    if (!status.ok() && !absl::IsCancelled(status)) {
      spdlog::warn("partition {}: compaction ended early: {}", Name(),
                   std::string(status.message()));
    }
    std::move(ended)();
  });
}

void Partition::Close(absl::Status why, io::IoCallback closed) {
  refusal_ = std::move(why);
  for (WaitingFetch& fetch : waiters_.TakeAll()) std::move(fetch.done)(refusal_);
  log_->Close(std::move(closed));
}

void Partition::OnLogChange() {
  changed_ = true;
  if (log_->state() != std::exchange(logged_state_, log_->state())) {
    spdlog::error("partition {}: {}", Name(), std::string(log_->state_detail().message()));
  }
  for (WaitingFetch& fetch : waiters_.TakeReady(log_->high_watermark())) {
    Read(fetch.from, fetch.max_bytes, std::move(fetch.done));
  }
}

}  // namespace leat::broker
