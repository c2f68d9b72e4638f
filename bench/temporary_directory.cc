#include "bench/temporary_directory.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace leat::bench {

absl::StatusOr<TemporaryDirectory> TemporaryDirectory::Make(const std::string& parent) {
  std::string path = parent + "/leat-bench-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a directory in ", parent));
  }
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(std::string path) : path_(std::move(path)) {}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

namespace {

// Waits for a child, which gets the signals that are blocked here; 128 and the signal's number when
// one ended it, as a shell tells.
int AwaitChild(pid_t child, const sigset_t& blocked) {
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    int signal_number = 0;
    sigwait(&blocked, &signal_number);
    if (signal_number != SIGCHLD) kill(child, signal_number);
  }
  // Servers that it had started die with it, and are ours then. They may be writing until they do.
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int RunInTemporaryDirectory(const char* name, const std::string& parent,
                            absl::FunctionRef<absl::Status(const std::string& path)> run) {
  const absl::StatusOr<TemporaryDirectory> directory = TemporaryDirectory::Make(parent);
  if (!directory.ok()) {
    std::cerr << name << ": " << directory.status() << "\n";
    return 1;
  }
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
    sigaddset(&blocked, signal_number);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = fork();
  if (child != 0) {
    const int code = AwaitChild(child, blocked);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return code;
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const absl::Status status = run(directory->path());
  if (!status.ok()) std::cerr << name << ": " << status << "\n";
  std::fflush(nullptr);
  _exit(status.ok() ? 0 : 1);
}

}  // namespace leat::bench
