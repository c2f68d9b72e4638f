// Producers, a bad network and one log, all from one seed; and what must hold of them.
//
// Messages are dropped, doubled and overtake one another; producers are replaced by newer ones of
// their name while the older ones go on sending; the log stops, is killed, loses power, runs out of
// space and fails to write; the wall clock jumps by weeks. Every record that becomes durable is
// looked at once, in order.

#ifndef LEAT_TESTS_STORAGE_LOG_PRODUCER_WORLD_H_
#define LEAT_TESTS_STORAGE_LOG_PRODUCER_WORLD_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "storage/log/producer_table.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {

class ProducerWorld {
 public:
  // The log remembers so many producers. When those are fewer than there are names, some are
  // forgotten, and initialise again.
  explicit ProducerWorld(uint64_t seed, size_t max_producers = ProducerTable::kMaxProducers);

  // Makes so many things happen. Stops at the first violation, which is a test failure.
  void Live(int steps);

  // Lets everything settle: nothing is lost any more, and every present producer sends until all it
  // has was acknowledged.
  void Settle();

  struct Counts {
    uint64_t appended = 0, duplicates = 0, fenced = 0, out_of_order = 0, initialised = 0;
    uint64_t reopened = 0, unknown = 0, refused = 0, compacted = 0, expired = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  static constexpr size_t kMaxInFlight = ProducerEntry::kMaxBatches;

  struct Batch {
    int32_t sequence = 0;
    uint32_t records = 1;
    std::string value;
  };

  // One process that has a name.
  struct Instance {
    int64_t id = 0;
    int32_t epoch = 0;
    uint64_t grant = 0;
    int32_t next_sequence = 0;
    std::deque<Batch> unacknowledged;
    bool expired = false;
  };

  struct Message {
    std::shared_ptr<Instance> from;
    Batch batch;
  };

  // What a producer was told of a batch.
  struct Claim {
    Batch batch;
    int64_t timestamp_ms = 0;
  };

  uint64_t Below(uint64_t limit) { return random_() % limit; }
  void Act();
  void SendNew(size_t name);
  void Resend(const std::shared_ptr<Instance>& instance);
  void Deliver();
  void Append(const Message& message);
  void OnAnswer(const Message& message, const absl::StatusOr<AppendResult>& answer);
  void OnAppended(const Message& message, const AppendResult& result);
  void Initialise(size_t name);
  void Compact();
  void FailSomeOperation();
  void Reopen();
  // Holds what became durable since the last time against the rules: all of it at once, or a little
  // whenever it was read.
  void LookAtAll();
  void Look();
  void Check(const record::Batch& batch);
  void CheckClaim(const Claim& claim, const record::Batch& batch);
  void CheckNew(const record::Batch& batch);

  std::mt19937_64 random_;
  const size_t max_producers_;
  LogFixture log_;
  std::vector<std::shared_ptr<Instance>> present_;  // By name.
  std::vector<std::shared_ptr<Instance>> zombies_;
  std::vector<Message> network_;
  uint64_t last_grant_ = 0;
  uint64_t values_ = 0;

  std::map<int64_t, record::Batch> durable_;  // The last ones looked at, by base offset.
  std::multimap<int64_t, Claim> claims_;      // Of what was not looked at yet.
  absl::flat_hash_set<std::string> there_;    // That are in the log.
  std::map<int64_t, int32_t> next_;           // Sequence by producer id.
  std::map<int64_t, int32_t> epoch_;          // The one in force, by producer id.
  // Which epoch was told, and where the log ended then: from there on there is no older one.
  std::map<int64_t, std::pair<int32_t, int64_t>> told_;
  int64_t looked_at_ = 0;
  bool looking_ = false;
  bool compacting_ = false;
  Counts counts_;
};

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_PRODUCER_WORLD_H_
