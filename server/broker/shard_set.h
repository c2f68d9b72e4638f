// All shards of a broker: which partition lives where, and work that goes to all of them.
//
// Owned by the broker. Any thread may post and ask; starting and stopping is the owner's. The first
// shard also keeps the topics and does the upkeep: it is "the metadata shard".

#ifndef LEAT_SERVER_BROKER_SHARD_SET_H_
#define LEAT_SERVER_BROKER_SHARD_SET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/broker/barrier.h"
#include "server/broker/partition_table.h"
#include "server/broker/random.h"
#include "server/broker/shard.h"
#include "storage/io/event_loop.h"
#include "storage/log/format.h"

namespace leat::broker {

class ShardSet {
 public:
  // One shard for each loop. `surroundings` outlive it. `random`: of all shards; null: each has its
  // own.
  ShardSet(const PartitionTable::Surroundings& surroundings,
           std::vector<std::unique_ptr<io::EventLoop>> loops, const Random& random);

  // Stops the threads if need be.
  ~ShardSet();

  void Start();
  // Lets what was begun end, and blocks. Tasks posted afterwards are destroyed.
  void Stop();

  size_t size() const { return shards_.size(); }
  Shard& at(size_t index) { return *shards_[index]; }
  Shard& metadata_shard() { return *shards_.front(); }

  // Where a partition lives: round-robin within a topic, from a place that its id tells. Nothing on
  // disk depends on it.
  Shard& Of(const log::Uuid& topic_id, uint32_t partition);

  // Where a log of groups lives.
  Shard& OfGroupLog(uint32_t number) { return at(number % size()); }

  // Runs `task` on every shard; then, when every copy of the barrier has gone, `then` on the
  // metadata shard.
  void ForAll(const std::function<void(Shard&, const Barrier&)>& task, io::Task then);

  // Asks every shard; `done` gets all answers together, on the metadata shard.
  template <typename T>
  void Gather(std::function<std::vector<T>(Shard&)> ask,
              absl::AnyInvocable<void(std::vector<T>) &&> done);

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
};

template <typename T>
void ShardSet::Gather(std::function<std::vector<T>(Shard&)> ask,
                      absl::AnyInvocable<void(std::vector<T>) &&> done) {
  // A place for each shard, so that their threads need no lock.
  auto answers = std::make_shared<std::vector<std::vector<T>>>(size());
  ForAll([answers, ask = std::move(ask)](
             Shard& shard, const Barrier&) { (*answers)[shard.index()] = ask(shard); },
         [answers, done = std::move(done)]() mutable {
           std::vector<T> all;
           for (std::vector<T>& some : *answers) {
             for (T& one : some) all.push_back(std::move(one));
           }
           std::move(done)(std::move(all));
         });
}

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_SHARD_SET_H_
