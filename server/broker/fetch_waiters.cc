#include "server/broker/fetch_waiters.h"

#include <utility>

namespace leat::broker {

void FetchWaiters::Add(uint64_t ticket, WaitingFetch fetch) {
  waiting_.emplace(ticket, std::move(fetch));
}

std::optional<WaitingFetch> FetchWaiters::Take(uint64_t ticket) {
  auto found = waiting_.find(ticket);
  if (found == waiting_.end()) return std::nullopt;
  std::optional<WaitingFetch> fetch(std::move(found->second));
  waiting_.erase(found);
  return fetch;
}

std::vector<WaitingFetch> FetchWaiters::TakeReady(record::Offset high_watermark) {
  std::vector<WaitingFetch> ready;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.from < high_watermark) {
      ready.push_back(std::move(at->second));
      at = waiting_.erase(at);
    } else {
      ++at;
    }
  }
  return ready;
}

std::vector<WaitingFetch> FetchWaiters::TakeAll() {
  std::vector<WaitingFetch> all;
  for (auto& [ticket, fetch] : waiting_) all.push_back(std::move(fetch));
  waiting_.clear();
  return all;
}

}  // namespace leat::broker
