#include "cli/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace leat::cli {
namespace {

// What the handler may touch.
std::atomic<bool> g_requested = false;
int g_pipe[2] = {-1, -1};

void OnSignal(int signal_number) {
  if (g_requested.exchange(true)) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    return;
  }
  const int saved = errno;
  [[maybe_unused]] const ssize_t written = write(g_pipe[1], "", 1);
  errno = saved;
}

void Handle(int signal_number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_interrupt) : on_interrupt_(std::move(on_interrupt)) {
  // A pipe that cannot be made leaves -1: the signals then end nothing early, and the second one
  // still ends the process.
  if (pipe2(g_pipe, O_CLOEXEC) != 0) g_pipe[0] = g_pipe[1] = -1;
  if (pipe2(end_pipe_, O_CLOEXEC) != 0) end_pipe_[0] = end_pipe_[1] = -1;
  g_requested = false;
  Handle(SIGINT, OnSignal);
  Handle(SIGTERM, OnSignal);
  thread_ = std::thread([this] {
    pollfd waits[2] = {{g_pipe[0], POLLIN, 0}, {end_pipe_[0], POLLIN, 0}};
    while (poll(waits, 2, -1) < 0 && errno == EINTR) {
    }
    if (waits[0].revents != 0) on_interrupt_();
  });
}

Interrupt::~Interrupt() {
  Handle(SIGINT, SIG_DFL);
  Handle(SIGTERM, SIG_DFL);
  close(end_pipe_[1]);
  thread_.join();
  for (int descriptor : {end_pipe_[0], g_pipe[0], g_pipe[1]}) close(descriptor);
}

bool Interrupt::requested() const { return g_requested; }

int Interrupt::descriptor() const { return g_pipe[0]; }

}  // namespace leat::cli
