// What producers sent to a topic, what of it was acknowledged and where, and what readers find
// there: the checker of tests that kill the server. Any thread.

#ifndef LEAT_TESTS_FAULTS_KILL_LEDGER_H_
#define LEAT_TESTS_FAULTS_KILL_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace leat {

class KillLedger {
 public:
  KillLedger(uint32_t producers, uint32_t partitions) : sent_(producers), partitions_(partitions) {}

  // The value of the next record of a producer, unlike any other.
  std::string NextValue(uint32_t producer);

  void Acknowledge(uint32_t partition, int64_t offset, std::string_view value);
  // The producer was told that this was not appended.
  void Refuse(std::string_view value);
  // The first of these is what the run ends with.
  void Fail(absl::Status error);

  // A reader found this. It must be a record that was sent, as it was sent; the one that was
  // acknowledged or found here before, if any; and nowhere else.
  void Find(uint32_t partition, int64_t offset, std::string_view value);

  // Blocks until so many were acknowledged, or something is wrong.
  absl::Status AwaitAcknowledged(uint64_t count);
  uint64_t acknowledged() const;

  // Once every record is answered and a reader has told of all partitions from offset 0 to these
  // ends: whether each offset was found, and the records of each producer in its order.
  absl::Status Check(const std::vector<int64_t>& ends) const;

 private:
  struct Id {
    uint32_t producer = 0;
    uint64_t number = 0;

    auto operator<=>(const Id&) const = default;
  };
  struct Place {
    Id id;
    bool acknowledged = false;
    bool found = false;
  };

  static std::string ValueOf(const Id& id);
  // nullopt when it is the value of no record that was sent.
  std::optional<Id> IdOf(std::string_view value) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Place& PutAt(uint32_t partition, int64_t offset, std::string_view value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FailLocked(absl::Status error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<uint64_t> sent_ ABSL_GUARDED_BY(mutex_);  // By producer.
  std::vector<std::map<int64_t, Place>> partitions_ ABSL_GUARDED_BY(mutex_);
  std::set<Id> refused_ ABSL_GUARDED_BY(mutex_);
  uint64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace leat

#endif  // LEAT_TESTS_FAULTS_KILL_LEDGER_H_
