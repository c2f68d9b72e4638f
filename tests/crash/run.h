// One long random life of a server, from one seed; and at every change of its disk the power is
// cut, on a copy.
//
// The server lives many times on one disk: each life ends in order, by a kill or by a power cut,
// and the next one recovers from it. So recovery's own changes are cut as well. While it lives,
// calls of every kind are under way at the same time.

#ifndef LEAT_TESTS_CRASH_RUN_H_
#define LEAT_TESTS_CRASH_RUN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/simulated_bytes.h"
#include "tests/crash/ledger.h"
#include "tests/crash/server.h"

namespace leat::crash {

class Run {
 public:
  struct Options {
    uint64_t seed = 1;
    uint64_t images = 500;
    uint64_t images_per_change = 1;
    // Called before each image, with its number.
    std::function<void(uint64_t)> progress;
  };

  explicit Run(Options options);

  // Lives until all images were checked, or the first one that is not as it must be.
  absl::Status Live();

 private:
  bool done() const { return images_ == options_.images || !failure_.ok(); }
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  void LiveOnce();
  absl::Status StartAndAdopt();
  absl::Status EndLife();
  void LookAtDisk();

  // Each asks for one thing.
  void Act();
  void Append();
  // Sends again what was acknowledged, by its message ids.
  void SendAgain();
  void AskOfTopic();
  void Create(const std::string& name);
  void Update(TopicLedger& ledger, broker::Topic topic);
  void AddPartition(TopicLedger& ledger, broker::Topic topic);
  void Delete(TopicLedger& ledger, const broker::Topic& topic);
  void Trim();
  void Commit();
  void DeleteGroup();
  void Describe();
  broker::Callback<broker::TopicHandle> TopicAnswer(const std::string& name);

  // A partition of a topic that is known to be there; nullptr when there is none.
  struct Target {
    broker::TopicHandle topic;
    uint32_t partition = 0;
    PartitionLedger* ledger = nullptr;
  };
  Target RandomPartition();
  // nullptr when the topic is not what it was when the call was made.
  PartitionLedger* Find(const Target& target);

  // An acknowledged append whose records have message ids.
  struct Acknowledged {
    Target target;
    std::string set;
    uint32_t records = 0;
    int64_t base_offset = 0;
  };

  // `take`, for as long as this life lasts.
  template <typename T>
  broker::Callback<T> WhileAlive(std::function<void(absl::StatusOr<T>)> take);
  void Note(const absl::Status& status) { failure_.Update(status); }

  const Options options_;
  io::SimulatedRandom random_;
  Ledger ledger_;
  uint64_t life_ = 0;
  uint64_t last_number_ = 0;                // Of appends and changes of groups.
  std::vector<Acknowledged> acknowledged_;  // The last ones.
  uint64_t images_ = 0;
  absl::Status failure_;
  Server server_;  // It ends before what its answers go to.
};

}  // namespace leat::crash

#endif  // LEAT_TESTS_CRASH_RUN_H_
