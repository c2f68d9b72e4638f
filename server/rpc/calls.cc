#include "server/rpc/calls.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "storage/record/error.h"

namespace leat::rpc {

absl::Status ServerStopping() {
  return record::MakeError(record::Reason::kServerStopping, "the server is stopping");
}

Calls::Ticket::Ticket(Ticket&& other) noexcept
    : calls_(std::exchange(other.calls_, nullptr)), id_(other.id_) {}

Calls::Ticket& Calls::Ticket::operator=(Ticket&& other) noexcept {
  std::swap(calls_, other.calls_);
  std::swap(id_, other.id_);
  return *this;
}

Calls::Ticket::~Ticket() {
  if (calls_ == nullptr) return;
  std::function<void()>
      stop;  // Destroyed without the lock: it may hold the last handle of something.
  absl::MutexLock lock(&calls_->mutex_);
  auto call = calls_->under_way_.extract(id_);
  if (!call.empty()) stop = std::move(call.mapped());
}

absl::StatusOr<Calls::Ticket> Calls::Enter(std::function<void()> stop) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return ServerStopping();
  if (under_way_.size() >= max_calls_) {
    return record::MakeError(record::Reason::kBacklogFull,
                             fmt::format("{} calls are under way, which is the limit", max_calls_),
                             {{"limit", "max_calls"}, {"maximum", std::to_string(max_calls_)}});
  }
  const uint64_t id = next_id_++;
  under_way_.emplace(id, std::move(stop));
  return Ticket(this, id);
}

void Calls::AwaitNone(absl::Duration patience) {
  const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return under_way_.empty(); };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&none), patience);
}

void Calls::Stop() {
  std::map<uint64_t, std::function<void()>> told;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (auto& [id, stop] : under_way_) told.emplace(id, std::exchange(stop, nullptr));
  }
  for (auto& [id, stop] : told) {
    if (stop) stop();
  }
}

}  // namespace leat::rpc
