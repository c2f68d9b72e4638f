#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "fmt/format.h"
#include "server/broker/broker_impl.h"
#include "server/broker/log_opening.h"
#include "server/broker/random.h"

namespace leat::broker {
namespace {

// Of all shards together. They wait for the disk, not for each other.
constexpr size_t kRecoveryThreads = 32;

log::Uuid NewDirectoryId(const Random& random) {
  const uint64_t high = random();
  return MakeUuid(high, random());
}

RecoverySummary::Entry MissingCheckpoint(const std::string& path) {
  return {.finding = {.kind = log::Finding::Kind::kMissing,
                      .file = path,
                      .detail = "without it, records missing at the end of a log are not noticed"}};
}

// What one shard found while it recovered its logs.
struct ShardRecovery {
  absl::Status status;
  uint64_t partitions_opened = 0;
  uint64_t bytes_checked = 0;
  std::vector<RecoverySummary::Entry> findings;

  // Takes in what was found of one log.
  void Add(std::string_view topic, uint32_t partition, const log::RecoveredLog& recovered) {
    bytes_checked += recovered.bytes_checked;
    for (const log::Finding& finding : recovered.findings) {
      findings.push_back({std::string(topic), partition, finding});
    }
  }
};

ShardRecovery RecoverPartitions(Shard& shard, io::FileSystem& files, const TopicState& topics,
                                const std::vector<log::RecoveryInput>& inputs, size_t threads) {
  ShardRecovery result;
  for (const TopicHandle& topic : topics.Topics()) {
    shard.partitions().PutTopic(topic);
    shard.partitions().PutProducers(topic->id, topics.producers(topic->id));
  }
  absl::StatusOr<std::vector<log::RecoveredLog>> logs = RecoverAll(files, inputs, threads);
  if (!logs.ok()) {
    result.status = logs.status();
    return result;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const log::PartitionKey& key = inputs[i].key;
    result.Add(FormatUuid(key.topic_id), key.partition, (*logs)[i]);
    shard.partitions().OpenRecovered(inputs[i], std::move((*logs)[i]));
  }
  result.partitions_opened = inputs.size();
  return result;
}

void OpenGroupLogs(Shard& shard, const std::vector<InternalLogId>& logs,
                   const log::Checkpoint& checkpoint, ShardRecovery& result) {
  for (const InternalLogId& id : logs) {
    if (!result.status.ok()) return;
    const absl::StatusOr<log::RecoveredLog> opened = shard.OpenInternalLog(id, checkpoint);
    result.status = opened.status();
    if (opened.ok()) result.Add(id.topic, id.key.partition, *opened);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(const BrokerOptions& options,
                                                      io::FileSystem& files,
                                                      io::IoBackend& backend) {
  return StartSimulated(options, files, backend, nullptr);
}

absl::StatusOr<std::unique_ptr<Broker>> Broker::StartSimulated(const BrokerOptions& options,
                                                               io::FileSystem& files,
                                                               io::IoBackend& backend,
                                                               std::function<void()> turn) {
  auto impl = std::make_unique<Impl>(options, files, std::move(turn));
  absl::Status started = impl->Start(backend);
  if (!started.ok()) return started;
  return std::unique_ptr<Broker>(new Broker(std::move(impl)));
}

absl::Status Broker::Impl::Start(io::IoBackend& backend) {
  const io::MonotonicTime begin = io::SystemClock().Monotonic();
  absl::Status status = OpenDirectory();
  if (status.ok()) status = StartShards(backend);
  if (status.ok()) status = LoadTopics();
  if (status.ok()) status = RecoverLogs();
  if (status.ok()) status = StartUpkeep();
  if (status.ok()) {
    running = true;
  } else if (shards != nullptr) {
    shards->Stop();
  }
  recovery.duration = io::SystemClock().Monotonic() - begin;
  return status;
}

absl::Status Broker::Impl::OpenDirectory() {
  const log::Uuid new_id = NewDirectoryId(options.random ? options.random : SystemRandom());
  auto opened = DataDirectory::Open(files, options.data_directory, new_id);
  if (!opened.ok()) return opened.status();
  directory = *std::move(opened);
  absl::StatusOr<log::Checkpoint> read = log::ReadCheckpoint(files, directory->CheckpointPath());
  if (!read.ok()) {
    return absl::Status(
        read.status().code(),
        fmt::format("{}. Without this file the server starts, but the last records acknowledged "
                    "before a crash have no witness: move it away if that is acceptable",
                    std::string(read.status().message())));
  }
  checkpoint = *std::move(read);
  const absl::StatusOr<std::vector<std::string>> names = files.List(options.data_directory);
  if (!names.ok()) return names.status();
  checkpoint_found = std::any_of(names->begin(), names->end(), [this](const std::string& name) {
    return io::JoinPath(directory->path(), name) == directory->CheckpointPath();
  });
  recovery.new_directory = directory->is_new();
  recovery.clean_shutdown = checkpoint.clean_shutdown;
  return absl::OkStatus();
}

absl::Status Broker::Impl::StartShards(io::IoBackend& backend) {
  uint32_t count = options.shard_count;
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<io::EventLoop>> loops;
  for (uint32_t i = 0; i < count; ++i) {
    absl::StatusOr<std::unique_ptr<io::EventLoop>> loop = backend.new_event_loop();
    if (!loop.ok()) return loop.status();
    loops.push_back(*std::move(loop));
  }
  shards = std::make_unique<ShardSet>(
      PartitionTable::Surroundings{.files = &files,
                                   .directory = directory.get(),
                                   .catalog = &catalog,
                                   .producer_expiry = options.producer_expiry},
      std::move(loops), options.random);
  if (turn == nullptr) shards->Start();
  return absl::OkStatus();
}

absl::Status Broker::Impl::LoadTopics() {
  auto place = InternalLogPlace(TopicsLog(), *directory, checkpoint);
  if (!place.ok()) return place.status();
  absl::StatusOr<log::RecoveredLog> recovered = log::RecoverLog(files, *place);
  if (!recovered.ok()) return recovered.status();
  if (const std::optional<log::Finding>& corrupt = recovered->corrupt) {
    return absl::DataLossError(
        fmt::format("the log of the topics is damaged: {}, byte {}: {}. Restore it from a copy",
                    corrupt->file, corrupt->position.bytes, corrupt->detail));
  }
  recovery.bytes_checked += recovered->bytes_checked;
  for (const log::Finding& finding : recovered->findings) {
    recovery.AddFinding({.topic = TopicsLog().topic, .finding = finding});
  }
  // The first start writes a checkpoint before anybody can append anything.
  const bool used = !recovered->sealed.empty() || recovered->active.has_value();
  if (used && !checkpoint_found)
    recovery.AddFinding(MissingCheckpoint(directory->CheckpointPath()));
  absl::Status loaded;
  Await([&](auto done) {
    shards->metadata_shard().Post([&, done] {
      registry = std::make_unique<TopicRegistry>(
          *shards, *directory, catalog, *place, *std::move(recovered),
          TopicLimits{.max_topics = options.max_topics,
                      .max_partitions_per_topic = options.max_partitions_per_topic,
                      .max_producers_per_topic = options.max_producers_per_topic});
      registry->Load([&, done](absl::Status status) {
        loaded = std::move(status);
        done();
      });
    });
  });
  if (!loaded.ok()) return loaded;
  for (const TopicHandle& topic : registry->state().Topics()) catalog.Put(topic);
  return absl::OkStatus();
}

absl::Status Broker::Impl::RecoverLogs() {
  const TopicState& state = registry->state();
  absl::StatusOr<RecoveryPlan> plan = PlanRecovery(files, *directory, state, checkpoint);
  if (!plan.ok()) return plan.status();
  for (RecoverySummary::Entry& entry : plan->findings) recovery.AddFinding(std::move(entry));
  std::vector<std::vector<log::RecoveryInput>> inputs(shards->size());
  for (log::RecoveryInput& input : plan->partitions) {
    inputs[shards->Of(input.key.topic_id, input.key.partition).index()].push_back(std::move(input));
  }
  std::vector<std::vector<InternalLogId>> group_logs(shards->size());
  for (uint32_t i = 0; i < kGroupLogs; ++i) {
    group_logs[shards->OfGroupLog(i).index()].push_back(GroupsLog(i));
  }
  const size_t threads =
      turn == nullptr ? std::max<size_t>(1, kRecoveryThreads / shards->size()) : 1;
  std::vector<ShardRecovery> results;
  Await([&](auto done) {
    shards->Gather<ShardRecovery>(
        [&](Shard& shard) {
          ShardRecovery result =
              RecoverPartitions(shard, files, state, inputs[shard.index()], threads);
          OpenGroupLogs(shard, group_logs[shard.index()], checkpoint, result);
          return std::vector<ShardRecovery>{std::move(result)};
        },
        [&results, done](std::vector<ShardRecovery> gathered) {
          results = std::move(gathered);
          done();
        });
  });
  for (ShardRecovery& result : results) {
    if (!result.status.ok()) return result.status;
    recovery.partitions_opened += result.partitions_opened;
    recovery.bytes_checked += result.bytes_checked;
    for (RecoverySummary::Entry& entry : result.findings) {
      const std::optional<log::Uuid> id = ParseUuid(entry.topic);
      if (id.has_value()) entry.topic = state.FindId(*id)->name;
      recovery.AddFinding(std::move(entry));
    }
  }
  return absl::OkStatus();
}

absl::Status Broker::Impl::StartUpkeep() {
  absl::erase_if(checkpoint.partitions, [this](const auto& entry) {
    const bool is_topic = registry->state().FindId(entry.first.topic_id) != nullptr;
    return !is_topic && !IsInternal(entry.first);
  });
  absl::Status status;
  Await([&](auto done) {
    shards->metadata_shard().Post([&, done] {
      upkeep = std::make_unique<Upkeep>(
          files, *directory, *shards, *registry, std::move(checkpoint),
          Upkeep::Options{.min_free_bytes = options.min_free_bytes,
                          .retention_interval = options.retention_interval,
                          .checkpoint_interval = options.checkpoint_interval,
                          .compaction_interval = options.compaction_interval,
                          .compaction = {.key_bytes = options.compaction_key_bytes,
                                         .bytes_per_second = options.compaction_bytes_per_second,
                                         .min_free_bytes = options.min_free_bytes}});
      status = upkeep->Start();
      if (status.ok()) registry->RemoveDeleted();
      done();
    });
  });
  return status;
}

}  // namespace leat::broker
