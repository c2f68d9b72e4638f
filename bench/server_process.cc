#include "bench/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace leat::bench {
namespace {

constexpr std::string_view kHost = "127.0.0.1:";

// "127.0.0.1:PORT" in `log`, once what follows it is there too; empty before.
std::string FindAddress(const std::string& log) {
  const size_t begin = log.find(kHost);
  if (begin == std::string::npos) return "";
  size_t end = begin + kHost.size();
  while (end < log.size() && std::isdigit(static_cast<unsigned char>(log[end]))) ++end;
  return end < log.size() && end > begin + kHost.size() ? log.substr(begin, end - begin) : "";
}

// As execve() wants it.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Ours without what would be settings of the server.
std::vector<std::string> CleanEnvironment() {
  std::vector<std::string> clean;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!absl::StartsWith(*variable, "LEAT_")) clean.emplace_back(*variable);
  }
  return clean;
}

[[noreturn]] void Exec(char* const* argv, char* const* environment, int log_descriptor) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(log_descriptor, STDERR_FILENO);
  execve(argv[0], argv, environment);
  const char* why = strerror(errno);
  dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], why);
  _exit(127);
}

}  // namespace

absl::StatusOr<ServerProcess> ServerProcess::Start(const std::vector<std::string>& arguments) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe2");
  const std::vector<std::string> variables = CleanEnvironment();
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> environment = Pointers(variables);
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) Exec(argv.data(), environment.data(), pipe_ends[1]);
  close(pipe_ends[1]);

  ServerProcess process(pid, pipe_ends[0]);
  std::string log;
  char bytes[4096];
  while (process.address_.empty()) {
    const ssize_t count = read(process.log_descriptor_, bytes, sizeof(bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::UnavailableError(absl::StrCat(arguments[0], " ended before it listened: ", log));
    }
    log.append(bytes, static_cast<size_t>(count));
    process.address_ = FindAddress(log);
  }
  process.DrainLog();
  return process;
}

void ServerProcess::DrainLog() {
  drain_ = std::thread([descriptor = log_descriptor_] {
    char bytes[4096];
    ssize_t count;
    do {
      count = read(descriptor, bytes, sizeof(bytes));
    } while (count > 0 || (count < 0 && errno == EINTR));
    close(descriptor);
  });
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      log_descriptor_(std::exchange(other.log_descriptor_, -1)),
      address_(std::move(other.address_)),
      drain_(std::move(other.drain_)) {}

ServerProcess::~ServerProcess() {
  Kill();
  if (drain_.joinable()) {
    drain_.join();
  } else if (log_descriptor_ >= 0) {
    close(log_descriptor_);
  }
}

void ServerProcess::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

absl::Status ServerProcess::Terminate() {
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InternalError(WIFEXITED(status)
                                 ? absl::StrCat("exit status ", WEXITSTATUS(status))
                                 : absl::StrCat("ended by signal ", WTERMSIG(status)));
}

}  // namespace leat::bench
