// SIGINT and SIGTERM, for verbs that end early in good order. One object at a time, made by the
// main thread; its functions from any thread.

#ifndef LEAT_CLI_INTERRUPT_H_
#define LEAT_CLI_INTERRUPT_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/time/time.h"

namespace leat::cli {

class Interrupt {
 public:
  struct Second {
    absl::Duration after;
    std::function<void()> action;
  };

  // From now on the signals no longer end the process, but call `on_interrupt`, once, on a thread
  // of this object's own. A second signal ends the process at once.
  explicit Interrupt(std::function<void()> on_interrupt = [] {})
      : Interrupt(std::move(on_interrupt), {}) {}
  // The same, but the second signal, or so long `after` the first one, calls the `action`; the next
  // one ends the process.
  Interrupt(std::function<void()> on_interrupt, Second second);
  ~Interrupt();

  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;
  // Becomes, and stays, readable with the first signal.
  int descriptor() const;

 private:
  void Wait();

  const std::function<void()> on_interrupt_;
  const Second second_;
  int end_pipe_[2];
  std::thread thread_;
};

}  // namespace leat::cli

#endif  // LEAT_CLI_INTERRUPT_H_
