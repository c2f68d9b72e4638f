// The server: the broker, and the gRPC services in front of it.
//
// Owned by `RunServer`, or by a test. Started and stopped by one thread. After a crash at any
// moment the next start finds every record that was acknowledged.

#ifndef LEAT_SERVER_SERVER_H_
#define LEAT_SERVER_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/broker/recovery_summary.h"
#include "server/options.h"

namespace leat::server {

class Server {
 public:
  // Checks that the addresses are free, recovers the data directory, and serves: there is no moment
  // at which the server answers and is not ready. Blocks meanwhile. Errors say what is wrong and
  // what to do about it; nothing is left running.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);

  // Calls `Stop` without waiting for calls, if need be.
  ~Server();

  // Says that it stops (health NOT_SERVING, SERVER_STOPPING with RetryInfo), ends streams, waits up
  // to `drain` for calls to end, cancels the rest, and closes the log with the clean-shutdown mark.
  // Blocks. Once.
  absl::Status Stop(absl::Duration drain);

  // Where it listens, with the ports that were really bound.
  const std::vector<std::string>& addresses() const;

  // One line: version, data directory, file system, I/O backend, addresses.
  std::string Describe() const;

  // What the start found on disk.
  const broker::RecoverySummary& recovery() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// Runs a server until SIGTERM or SIGINT, logging to stderr. To be called on the main thread before
// any other is started. A second signal ends the process at once, which loses nothing that was
// acknowledged.
absl::Status RunServer(const ServerOptions& options);

}  // namespace leat::server

#endif  // LEAT_SERVER_SERVER_H_
