#include <memory>
#include <utility>

#include "fmt/format.h"
#include "server/broker/data_directory.h"
#include "server/broker/internal_log_id.h"
#include "server/broker/metadata_log.h"
#include "server/broker/random.h"
#include "server/survey/repair.h"
#include "server/survey/topics_reader.h"
#include "storage/inspect/dry_run_files.h"
#include "storage/log/flush_gate.h"
#include "storage/log/log.h"
#include "storage/log/read_ahead_budget.h"
#include "storage/log/recovery.h"

namespace leat::survey {
namespace {

// Whoever repairs holds the lock already.
absl::StatusOr<log::RecoveryInput> FindTopicsLog(io::FileSystem& files,
                                                 const std::string& data_directory) {
  inspect::DryRunFiles looked_at(files);
  const auto directory = broker::DataDirectory::Open(looked_at, data_directory, {});
  if (!directory.ok()) return directory.status();
  const auto checkpoint = log::ReadCheckpoint(looked_at, (*directory)->CheckpointPath());
  if (!checkpoint.ok()) return checkpoint.status();
  return broker::InternalLogPlace(broker::TopicsLog(), **directory, *checkpoint);
}

// Nobody else knows the topics while no server runs.
void PublishToNobody(const std::vector<broker::TopicChange>&, io::Task in_force) {
  std::move(in_force)();
}

}  // namespace

absl::Status MoveLogStart(io::FileSystem& files, io::EventLoop& loop,
                          const std::string& data_directory, const log::PartitionKey& key,
                          record::Offset log_start) {
  const auto place = FindTopicsLog(files, data_directory);
  if (!place.ok()) return place.status();
  auto recovered = log::RecoverLog(files, *place);
  if (!recovered.ok()) return recovered.status();
  if (recovered->corrupt.has_value()) {
    return absl::DataLossError(fmt::format("the log of the topics is damaged: {}: {}",
                                           recovered->corrupt->file, recovered->corrupt->detail));
  }
  // After an orderly stop it would bear witness that the log ends where it ended then.
  absl::Status status = ForgetWitness(files, data_directory, place->key);
  if (!status.ok()) return status;

  log::FlushGate flush_gate(1);
  log::ReadAheadBudget read_ahead_budget(0);
  const broker::Random random = broker::SystemRandom();
  const log::LogEnvironment environment{.files = &files,
                                        .loop = &loop,
                                        .flush_gate = &flush_gate,
                                        .read_ahead_budget = &read_ahead_budget,
                                        .random = random};
  broker::MetadataLog topics(
      log::Log::Create(environment, *place, *std::move(recovered), log::LogOptions{}),
      {.clock = &loop.clock(), .random = random, .publish = PublishToNobody},
      {.limits = kNoTopicLimits});
  const auto end = [&](const absl::Status& ended) {
    status.Update(ended);
    loop.Stop();
  };
  topics.Load([&](const absl::Status& loaded) {
    if (!loaded.ok()) return end(loaded);
    topics.Submit(broker::command::MoveLogStarts{{{key, log_start}}},
                  broker::Answer<broker::TopicHandle>([&](const auto& moved) {
                    status = moved.status();
                    topics.Close(end);
                  }));
  });
  loop.Run();
  return status;
}

}  // namespace leat::survey
