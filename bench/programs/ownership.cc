#include "bench/programs/ownership.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace leat::bench {

void Ownership::Enter(int member) {
  absl::MutexLock lock(&mutex_);
  loads_[member] = 0;
  ++load_counts_[0];
}

void Ownership::Leave(int member) {
  absl::MutexLock lock(&mutex_);
  for (Share& share : shares_) {
    if (share.owner == member) FreeLocked(share);
  }
  loads_.erase(member);
  if (--load_counts_[0] == 0) load_counts_.erase(0);
}

void Ownership::Assign(int member, uint32_t partition, uint64_t epoch) {
  absl::MutexLock lock(&mutex_);
  Share& share = shares_[partition];
  ++assignments_;
  if (share.owner != kNoOne && share.owner != member) {
    error_.Update(absl::InternalError(
        absl::StrCat("partition ", partition, " went to member ", member, " under epoch ", epoch,
                     " while member ", share.owner, " had it under epoch ", share.epoch)));
  }
  if (epoch <= share.epoch) {
    error_.Update(absl::InternalError(absl::StrCat("partition ", partition, " was assigned under ",
                                                   "epoch ", epoch, " after ", share.epoch)));
  }
  if (share.owner != kNoOne) FreeLocked(share);
  share = {member, epoch};
  ++owned_;
  ChangeLoad(member, 1);
}

void Ownership::Free(int member, uint32_t partition) {
  absl::MutexLock lock(&mutex_);
  if (shares_[partition].owner == member) FreeLocked(shares_[partition]);
}

void Ownership::FreeLocked(Share& share) {
  ChangeLoad(std::exchange(share.owner, kNoOne), -1);
  --owned_;
}

void Ownership::ChangeLoad(int member, int by) {
  int& load = loads_[member];
  if (--load_counts_[load] == 0) load_counts_.erase(load);
  load += by;
  ++load_counts_[load];
}

void Ownership::Fail(absl::Status error) {
  absl::MutexLock lock(&mutex_);
  error_.Update(std::move(error));
}

bool Ownership::IsEven() const {
  return owned_ == shares_.size() && !load_counts_.empty() &&
         load_counts_.rbegin()->first - load_counts_.begin()->first <= 1;
}

absl::Status Ownership::AwaitEven(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  if (mutex_.AwaitWithTimeout(absl::Condition(this, &Ownership::IsDecided), timeout)) return error_;
  return absl::DeadlineExceededError(
      absl::StrCat(owned_, " of ", shares_.size(), " partitions have an owner; members have ",
                   load_counts_.begin()->first, " to ", load_counts_.rbegin()->first, " each"));
}

std::vector<Ownership::Share> Ownership::shares() const {
  absl::MutexLock lock(&mutex_);
  return shares_;
}

uint64_t Ownership::assignments() const {
  absl::MutexLock lock(&mutex_);
  return assignments_;
}

}  // namespace leat::bench
