#include "storage/log/durable_waiters.h"

namespace leat::log {

std::vector<DurableWaiter> DurableWaiters::TakeDue(record::Offset high_watermark) {
  return Take(waiters_.begin(), waiters_.upper_bound(high_watermark));
}

std::vector<DurableWaiter> DurableWaiters::TakeAfter(record::Offset log_end) {
  return Take(waiters_.upper_bound(log_end), waiters_.end());
}

std::vector<DurableWaiter> DurableWaiters::Take(Waiters::iterator from, Waiters::iterator to) {
  std::vector<DurableWaiter> taken;
  for (auto waiter = from; waiter != to; ++waiter) taken.push_back(std::move(waiter->second));
  waiters_.erase(from, to);
  return taken;
}

}  // namespace leat::log
