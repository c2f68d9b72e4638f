#include "bench/load/pacer.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace leat::bench {
namespace {

// How long a stop is waited for at most; how close wake-ups may follow.
constexpr Nanos kLongestSleep = 50'000'000;
constexpr Nanos kShortestSleep = 20'000;

}  // namespace

void ExactSleeps() { prctl(PR_SET_TIMERSLACK, 1); }

void SleepUntil(Nanos moment) {
  const timespec until = {.tv_sec = moment / 1'000'000'000, .tv_nsec = moment % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0) continue;
}

Pacer::Pacer(const Schedule& schedule, std::function<void()> on_due)
    : schedule_(schedule), on_due_(std::move(on_due)) {
  if (schedule_.open()) thread_ = std::thread([this] { Run(); });
}

Pacer::~Pacer() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Pacer::Run() const {
  ExactSleeps();
  while (!stopping_) {
    const Nanos now = SteadyNow();
    const Nanos due = schedule_.At(schedule_.CountDue(now), now);
    SleepUntil(std::clamp(due, now + kShortestSleep, now + kLongestSleep));
    on_due_();
  }
}

}  // namespace leat::bench
