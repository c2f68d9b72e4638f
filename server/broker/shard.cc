#include "server/broker/shard.h"

#include <pthread.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "server/broker/log_opening.h"
#include "storage/record/error.h"

namespace leat::broker {

Shard::Shard(size_t index, const PartitionTable::Surroundings& surroundings, const Limits& limits,
             std::unique_ptr<io::EventLoop> loop, Random random)
    : index_(index),
      loop_(std::move(loop)),
      flush_gate_(limits.flushes_in_flight),
      read_ahead_budget_(limits.read_ahead_bytes),
      surroundings_(surroundings),
      environment_{.files = surroundings.files,
                   .loop = loop_.get(),
                   .flush_gate = &flush_gate_,
                   .read_ahead_budget = &read_ahead_budget_,
                   .random = std::move(random)},
      partitions_(surroundings, environment_, limits.tail_bytes) {}

void Shard::Start(const std::string& thread_name) {
  thread_ = std::thread([this, thread_name] {
    pthread_setname_np(pthread_self(), thread_name.c_str());
    loop_->Run();
  });
}

void Shard::Stop() {
  if (std::exchange(stopped_, true)) return;
  loop_->Stop();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    loop_->Run();
  }
}

bool Shard::Append(const Topic& topic, uint32_t partition, record::Batch batch,
                   log::AppendConditions conditions, Answer<log::AppendResult> done) {
  absl::StatusOr<Partition*> opened = partitions_.Open(topic, partition);
  absl::Status refusal = opened.status();
  if (refusal.ok() && space_ == Space::kLow) {
    refusal = record::MakeError(record::Reason::kDiskFull,
                                "the disk has too little free space; reading goes on");
  }
  const absl::StatusOr<uint64_t> grant = refusal.ok()
                                             ? partitions_.CheckProducer(topic.id, batch.header)
                                             : absl::StatusOr<uint64_t>(refusal);
  if (!grant.ok()) {
    std::move(done)(grant.status());
    return false;
  }
  conditions.producer_grant = *grant;
  return (*opened)->Append(std::move(batch), conditions, std::move(done));
}

// --- Logs ---

absl::StatusOr<log::RecoveredLog> Shard::OpenInternalLog(const InternalLogId& id,
                                                         const log::Checkpoint& checkpoint) {
  const DataDirectory& directory = *surroundings_.directory;
  absl::StatusOr<log::RecoveryInput> found = InternalLogPlace(id, directory, checkpoint);
  if (!found.ok() && !absl::IsDataLoss(found.status())) return found.status();
  const log::RecoveryInput place =
      found.ok()
          ? *found
          : log::RecoveryInput{.directory = directory.InternalLogDirectory(id.name), .key = id.key};
  absl::StatusOr<log::RecoveredLog> recovered =
      found.ok() ? RecoverOrMarkCorrupt(*surroundings_.files, place)
                 : Unreadable(place, found.status());
  if (!recovered.ok()) return recovered.status();
  log::RecoveredLog summary = SummaryOf(*recovered);
  internal_logs_.push_back(std::make_unique<InternalLog>(
      id, *loop_, directory,
      log::Log::Create(environment_, place, *std::move(recovered), InternalLog::kOptions)));
  return summary;
}

std::vector<CheckpointUpdate> Shard::TakeCheckpointUpdates() {
  std::vector<CheckpointUpdate> updates = partitions_.TakeCheckpointUpdates();
  for (const std::unique_ptr<InternalLog>& log : internal_logs_) {
    std::optional<CheckpointUpdate> update = log->TakeCheckpointUpdate();
    if (update.has_value()) updates.push_back(*update);
  }
  return updates;
}

void Shard::Close(const Barrier& closed) {
  partitions_.Close(closed);
  for (const std::unique_ptr<InternalLog>& log : internal_logs_) log->Close([closed](auto) {});
}

bool Shard::closed_cleanly() const {
  return partitions_.closed_cleanly() &&
         std::all_of(internal_logs_.begin(), internal_logs_.end(),
                     [](const auto& log) { return log->closed_cleanly(); });
}

}  // namespace leat::broker
