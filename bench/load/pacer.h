// Calls a function whenever something of a schedule becomes due, on a thread of its own. Of a
// closed loop it calls nothing. Stops when it is destroyed.

#ifndef LEAT_BENCH_LOAD_PACER_H_
#define LEAT_BENCH_LOAD_PACER_H_

#include <atomic>
#include <functional>
#include <thread>

#include "bench/load/schedule.h"

namespace leat::bench {

// Sleeps until then, as exactly as the kernel can: on a thread that has called `ExactSleeps`.
void SleepUntil(Nanos moment);
// The thread that calls this is woken on time, and not up to 50 us later to save power.
void ExactSleeps();

class Pacer {
 public:
  Pacer(const Schedule& schedule, std::function<void()> on_due);
  ~Pacer();

  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

 private:
  void Run() const;

  const Schedule schedule_;
  const std::function<void()> on_due_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_PACER_H_
