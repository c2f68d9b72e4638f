// What a broker is made of. Private to broker.cc and broker_start.cc.

#ifndef LEAT_SERVER_BROKER_BROKER_IMPL_H_
#define LEAT_SERVER_BROKER_BROKER_IMPL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "server/broker/broker.h"
#include "server/broker/data_directory.h"
#include "server/broker/recovery_plan.h"
#include "server/broker/shard_set.h"
#include "server/broker/topic_catalog.h"
#include "server/broker/topic_registry.h"
#include "server/broker/upkeep.h"

namespace leat::broker {

struct Broker::Impl {
  Impl(const BrokerOptions& options, io::FileSystem& files, std::function<void()> turn)
      : options(options), files(files), turn(std::move(turn)) {}

  // Gives `work` a task to run on some shard, and waits until it has.
  template <typename Work>
  void Await(Work work) {
    absl::Notification done;
    work([&done] { done.Notify(); });
    while (turn != nullptr && !done.HasBeenNotified()) turn();
    done.WaitForNotification();
  }

  // All that follow, in this order; on the thread that starts the broker.
  absl::Status Start(io::IoBackend& backend);
  absl::Status OpenDirectory();
  absl::Status StartShards(io::IoBackend& backend);
  absl::Status LoadTopics();
  absl::Status RecoverLogs();
  absl::Status StartUpkeep();

  absl::Status Stop();

  const BrokerOptions options;
  io::FileSystem& files;
  const std::function<void()> turn;  // nullptr: the shards have threads.
  // Each is used by those after it, and so outlives them.
  std::unique_ptr<DataDirectory> directory;
  log::Checkpoint checkpoint;  // As the start found it.
  bool checkpoint_found = false;
  TopicCatalog catalog;
  std::unique_ptr<ShardSet> shards;
  std::unique_ptr<TopicRegistry> registry;
  std::unique_ptr<Upkeep> upkeep;
  RecoverySummary recovery;

  std::atomic<uint64_t> next_ticket{1};
  bool running = false;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_BROKER_IMPL_H_
