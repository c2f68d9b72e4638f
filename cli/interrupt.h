// SIGINT and SIGTERM, for verbs that end early in good order. One object at a time, made by the
// main thread; its functions from any thread.

#ifndef LEAT_CLI_INTERRUPT_H_
#define LEAT_CLI_INTERRUPT_H_

#include <functional>
#include <thread>

namespace leat::cli {

class Interrupt {
 public:
  // From now on the signals no longer end the process, but call `on_interrupt`, once, on a thread
  // of this object's own. A second signal ends the process at once.
  explicit Interrupt(std::function<void()> on_interrupt = [] {});
  ~Interrupt();

  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;
  // Becomes, and stays, readable with the first signal.
  int descriptor() const;

 private:
  const std::function<void()> on_interrupt_;
  int end_pipe_[2];
  std::thread thread_;
};

}  // namespace leat::cli

#endif  // LEAT_CLI_INTERRUPT_H_
