// Who has which partition of a topic, as the members of a group were told. Finds partitions with
// two owners, and the moment at which everything is shared out evenly. Any thread.

#ifndef LEAT_BENCH_PROGRAMS_OWNERSHIP_H_
#define LEAT_BENCH_PROGRAMS_OWNERSHIP_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace leat::bench {

class Ownership {
 public:
  static constexpr int kNoOne = -1;

  struct Share {
    int owner = kNoOne;
    uint64_t epoch = 0;  // Of the last assignment.
  };

  explicit Ownership(uint32_t partition_count) : shares_(partition_count) {}

  // From now on the member is to have its part.
  void Enter(int member);
  // It has nothing any more.
  void Leave(int member);

  // The member was told so. An error unless the partition was free, or the member's, and the
  // assignment epoch is new.
  void Assign(int member, uint32_t partition, uint64_t epoch);
  // The member gives the partition back, or has lost it.
  void Free(int member, uint32_t partition);

  // The first of these is what the run ends with.
  void Fail(absl::Status error);

  // Blocks until every partition has an owner and no member has more than one more than another.
  // DEADLINE_EXCEEDED, saying what is missing; or the first error.
  absl::Status AwaitEven(absl::Duration timeout);

  std::vector<Share> shares() const;
  // Assignments told so far.
  uint64_t assignments() const;

 private:
  bool IsEven() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsDecided() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !error_.ok() || IsEven(); }
  void ChangeLoad(int member, int by) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FreeLocked(Share& share) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<Share> shares_ ABSL_GUARDED_BY(mutex_);       // By partition.
  std::map<int, int> loads_ ABSL_GUARDED_BY(mutex_);        // Partitions by member.
  std::map<int, int> load_counts_ ABSL_GUARDED_BY(mutex_);  // Members by load.
  size_t owned_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t assignments_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_PROGRAMS_OWNERSHIP_H_
