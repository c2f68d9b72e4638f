#include "storage/log/flush_gate.h"

#include <utility>

#include "storage/io/check.h"

namespace leat::log {

FlushGate::FlushGate(size_t max_in_flight) : max_in_flight_(max_in_flight) {
  LEAT_CHECK(max_in_flight > 0);
}

void FlushGate::Enter(absl::AnyInvocable<void() &&> go) {
  waiting_.push_back(std::move(go));
  Admit();
}

void FlushGate::Leave() {
  LEAT_CHECK(in_flight_ > 0);
  --in_flight_;
  Admit();
}

// Whoever is let in may enter or leave again from inside its call: the outermost loop serves that
// too, so that a thousand logs with nothing left to write do not become a thousand stack frames.
void FlushGate::Admit() {
  if (admitting_) return;
  admitting_ = true;
  while (in_flight_ < max_in_flight_ && !waiting_.empty()) {
    absl::AnyInvocable<void()&&> go = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_flight_;
    std::move(go)();
  }
  admitting_ = false;
}

}  // namespace leat::log
