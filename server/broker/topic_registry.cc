#include "server/broker/topic_registry.h"

#include <string>
#include <utility>

#include "server/broker/internal_log_id.h"
#include "spdlog/spdlog.h"
#include "storage/log/log.h"

namespace leat::broker {
namespace {

// Small, so that little is left of what a snapshot has replaced.
constexpr log::LogOptions kLogOptions = {
    .segment_bytes = 4 << 20, .segment_age = absl::Hours(24 * 365), .tail_bytes = 64 << 10};

}  // namespace

TopicRegistry::TopicRegistry(ShardSet& shards, DataDirectory& directory, TopicCatalog& catalog,
                             const log::RecoveryInput& place, log::RecoveredLog recovered,
                             const TopicLimits& limits)
    : shards_(shards),
      directory_(directory),
      catalog_(catalog),
      log_(log::Log::Create(shards.metadata_shard().log_environment(), place, std::move(recovered),
                            kLogOptions),
           {.clock = &shards.metadata_shard().loop().clock(),
            .random = [&shards] { return shards.metadata_shard().NextRandom(); },
            .publish = [this](auto changes,
                              auto in_force) { Publish(std::move(changes), std::move(in_force)); },
            .save_start = [this](auto log_start,
                                 auto saved) { SaveLogStart(log_start, std::move(saved)); }},
           {.limits = limits}) {}

void TopicRegistry::Submit(TopicCommand command, Answer<TopicHandle> done) {
  shards_.metadata_shard().Post(
      [this, command = std::move(command), done = std::move(done)]() mutable {
        log_.Submit(std::move(command), std::move(done));
      });
}

void TopicRegistry::Publish(std::vector<TopicChange> changes, io::Task in_force) {
  auto shared = std::make_shared<const std::vector<TopicChange>>(std::move(changes));
  std::vector<log::Uuid> removed;
  for (const TopicChange& change : *shared) {
    if (change.removed == nullptr) continue;
    // Before the shards refuse it: nobody is to find what does not work.
    catalog_.Remove(change.removed->name);
    removed.push_back(change.removed->id);
  }
  // Logs take their time to close; the answer does not wait for that, the removal does.
  std::optional<Barrier> logs_closed;
  if (!removed.empty()) {
    logs_closed.emplace([this, removed = std::move(removed)]() mutable {
      shards_.metadata_shard().Post([this, removed = std::move(removed)]() mutable {
        RemoveDirectories(std::move(removed));
      });
    });
  }
  shards_.ForAll(
      [shared, logs_closed](Shard& shard, const Barrier&) {
        for (const TopicChange& change : *shared) {
          if (change.put != nullptr) shard.partitions().PutTopic(change.put);
          if (change.removed != nullptr) {
            shard.partitions().RemoveTopic(change.removed->id, *logs_closed);
          }
          for (const LogStart& start : change.log_starts) shard.partitions().MoveLogStart(start);
          if (change.producer.has_value()) shard.partitions().PutProducer(*change.producer);
        }
      },
      [this, shared, in_force = std::move(in_force)]() mutable {
        for (const TopicChange& change : *shared) {
          if (change.put != nullptr) catalog_.Put(change.put);
        }
        Announce(std::move(shared), std::move(in_force));
      });
}

// Not before the catalog has them: whoever hears of a topic may look it up from any thread.
void TopicRegistry::Announce(std::shared_ptr<const std::vector<TopicChange>> changes,
                             io::Task in_force) {
  shards_.ForAll(
      [changes = std::move(changes)](Shard& shard, const Barrier&) {
        for (const TopicChange& change : *changes) {
          if (change.put != nullptr) shard.partitions().AnnounceTopic(*change.put);
        }
      },
      std::move(in_force));
}

void TopicRegistry::SaveLogStart(record::Offset log_start, io::IoCallback saved) {
  shards_.metadata_shard().loop().Offload(
      [this, log_start] { return directory_.SaveInternalLogStart(TopicsLog().name, log_start); },
      [saved = std::move(saved)](absl::Status status) mutable {
        if (!status.ok()) {
          spdlog::warn("the log of the topics is not trimmed: {}", std::string(status.message()));
        }
        std::move(saved)(std::move(status));
      });
}

void TopicRegistry::RemoveDeleted() {
  std::vector<log::Uuid> ids(state().deleted().begin(), state().deleted().end());
  if (!ids.empty()) RemoveDirectories(std::move(ids));
}

void TopicRegistry::RemoveDirectories(std::vector<log::Uuid> ids) {
  shards_.metadata_shard().loop().Offload(
      [this, ids] {
        for (const log::Uuid& id : ids) {
          absl::Status removed = directory_.RemoveTopic(id);
          if (!removed.ok()) return removed;
        }
        return absl::OkStatus();
      },
      [this, ids](const absl::Status& removed) mutable {
        if (!removed.ok()) {
          spdlog::warn("files of a deleted topic are left until the next start: {}",
                       std::string(removed.message()));
          return;
        }
        // If this fails, the next start finds nothing to remove and tries again.
        Submit(command::ForgetTopics{std::move(ids)}, Answer<TopicHandle>([](const auto&) {}));
      });
}

std::optional<CheckpointUpdate> TopicRegistry::CheckpointOfLog() const {
  if (log_.log().state() != log::LogState::kOnline) return std::nullopt;
  return CheckpointUpdate{TopicsLog().key, log_.log().checkpoint()};
}

}  // namespace leat::broker
