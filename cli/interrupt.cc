#include "cli/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "absl/time/clock.h"

namespace leat::cli {
namespace {

// What the handler may touch: the n-th signal makes the n-th pipe readable, those after them end
// the process.
std::atomic<int> g_count = 0;
std::atomic<int> g_taken = 1;
int g_pipes[2][2] = {{-1, -1}, {-1, -1}};

void OnSignal(int signal_number) {
  const int count = g_count.fetch_add(1);
  if (count >= g_taken) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    return;
  }
  const int saved = errno;
  [[maybe_unused]] const ssize_t written = write(g_pipes[count][1], "", 1);
  errno = saved;
}

void Handle(int signal_number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, nullptr);
}

// A pipe that cannot be made leaves -1: the signals then end nothing early, and the last one still
// ends the process.
void MakePipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
}

// Waits until `descriptor` is readable or `timeout` over: true. False when `end` became readable.
bool WaitFor(int descriptor, int end, absl::Duration timeout) {
  const absl::Time until = absl::Now() + timeout;
  pollfd waits[2] = {{descriptor, POLLIN, 0}, {end, POLLIN, 0}};
  while (true) {
    const absl::Duration left = std::max(until - absl::Now(), absl::ZeroDuration());
    const int most = timeout == absl::InfiniteDuration()
                         ? -1
                         : static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
    const int ready = poll(waits, 2, most);
    if (ready >= 0 || errno != EINTR) return ready == 0 || waits[0].revents != 0;
  }
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_interrupt, Second second)
    : on_interrupt_(std::move(on_interrupt)), second_(std::move(second)) {
  for (int* ends : {g_pipes[0], g_pipes[1], end_pipe_}) MakePipe(ends);
  g_count = 0;
  g_taken = second_.action ? 2 : 1;
  Handle(SIGINT, OnSignal);
  Handle(SIGTERM, OnSignal);
  thread_ = std::thread([this] { Wait(); });
}

void Interrupt::Wait() {
  if (!WaitFor(g_pipes[0][0], end_pipe_[0], absl::InfiniteDuration())) return;
  on_interrupt_();
  if (!second_.action || !WaitFor(g_pipes[1][0], end_pipe_[0], second_.after)) return;
  second_.action();
}

Interrupt::~Interrupt() {
  Handle(SIGINT, SIG_DFL);
  Handle(SIGTERM, SIG_DFL);
  close(end_pipe_[1]);
  thread_.join();
  close(end_pipe_[0]);
  for (auto& ends : g_pipes) {
    for (int& end : ends) close(std::exchange(end, -1));
  }
}

bool Interrupt::requested() const { return g_count > 0; }

int Interrupt::descriptor() const { return g_pipes[0][0]; }

}  // namespace leat::cli
