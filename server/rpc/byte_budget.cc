#include "server/rpc/byte_budget.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace leat::rpc {
namespace {

size_t Cost(size_t bytes) { return std::max(bytes, ByteBudget::kMinimumCharge); }

}  // namespace

ByteBudget::Charge::Charge(Charge&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

ByteBudget::Charge& ByteBudget::Charge::operator=(Charge&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void ByteBudget::Charge::Resize(size_t bytes) {
  if (budget_ == nullptr) return;
  const size_t cost = Cost(bytes);
  const size_t before = std::exchange(bytes_, cost);
  if (cost < before) {
    budget_->GiveBack(before - cost);
  } else if (cost > before) {
    absl::MutexLock lock(&budget_->mutex_);
    budget_->in_use_ += cost - before;
  }
}

bool ByteBudget::Charge::TryGrow(size_t bytes) {
  if (budget_ == nullptr || bytes == 0) return true;
  absl::MutexLock lock(&budget_->mutex_);
  if (budget_->in_use_ > bytes_ && budget_->in_use_ + bytes > budget_->limit_) return false;
  budget_->in_use_ += bytes;
  bytes_ += bytes;
  return true;
}

void ByteBudget::Charge::Release() {
  if (ByteBudget* budget = std::exchange(budget_, nullptr)) {
    budget->GiveBack(std::exchange(bytes_, 0));
  }
}

// A charge larger than the whole budget is granted when nothing else is held, or it would wait for
// ever.
bool ByteBudget::HasRoom(size_t bytes) const { return in_use_ == 0 || in_use_ + bytes <= limit_; }

std::optional<ByteBudget::Charge> ByteBudget::TryAcquire(size_t bytes) {
  const size_t cost = Cost(bytes);
  absl::MutexLock lock(&mutex_);
  if (!waiters_.empty() || !HasRoom(cost)) return std::nullopt;
  in_use_ += cost;
  return Charge(this, cost);
}

ByteBudget::Charge ByteBudget::AcquireAnyway(size_t bytes) {
  const size_t cost = Cost(bytes);
  absl::MutexLock lock(&mutex_);
  in_use_ += cost;
  return Charge(this, cost);
}

void ByteBudget::Acquire(size_t bytes, Granted granted) {
  const size_t cost = Cost(bytes);
  {
    absl::MutexLock lock(&mutex_);
    if (!waiters_.empty() || !HasRoom(cost)) {
      waiters_.push_back({cost, std::move(granted)});
      return;
    }
    in_use_ += cost;
  }
  std::move(granted)(Charge(this, cost));
}

void ByteBudget::GiveBack(size_t bytes) {
  std::vector<Waiter> ready;
  {
    absl::MutexLock lock(&mutex_);
    in_use_ -= bytes;
    while (!waiters_.empty() && HasRoom(waiters_.front().bytes)) {
      in_use_ += waiters_.front().bytes;
      ready.push_back(std::move(waiters_.front()));
      waiters_.pop_front();
    }
  }
  for (Waiter& waiter : ready) std::move(waiter.granted)(Charge(this, waiter.bytes));
}

size_t ByteBudget::in_use() const {
  absl::MutexLock lock(&mutex_);
  return in_use_;
}

}  // namespace leat::rpc
