// A Leat server (or another program that tells its address) in a process of its own, for
// benchmarks, the demonstration and end-to-end tests. Dies with this object, and with the thread
// that started it.

#ifndef LEAT_BENCH_SERVER_PROCESS_H_
#define LEAT_BENCH_SERVER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leat::bench {

class ServerProcess {
 public:
  // Runs `arguments` (the program first) and waits until it has written a line with
  // `127.0.0.1:PORT` to standard error. Its environment is that of this program without LEAT_
  // variables. An error holds what it wrote when it ends before that.
  static absl::StatusOr<ServerProcess> Start(const std::vector<std::string>& arguments);

  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  ~ServerProcess();  // Kills it.

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }

  // SIGKILL, and waits for it to be gone.
  void Kill();

  // SIGTERM, and waits for its end. An error unless it exits with 0.
  absl::Status Terminate();

 private:
  ServerProcess(pid_t pid, int log_descriptor) : pid_(pid), log_descriptor_(log_descriptor) {}

  // Reads on, so that the process never waits for its log to be read.
  void DrainLog();

  pid_t pid_ = -1;
  int log_descriptor_ = -1;
  std::string address_;
  std::thread drain_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_SERVER_PROCESS_H_
