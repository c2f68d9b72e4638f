// A server as a process: signals and the log.
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "server/address.h"
#include "server/logging.h"
#include "server/process.h"
#include "server/recovery_text.h"
#include "server/server.h"

namespace leat::server {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

void WarnOfOpenAddresses(const Server& server) {
  for (const std::string& address : server.addresses()) {
    if (IsLocal(address)) continue;
    spdlog::warn("{} can be reached from other machines, and there is no TLS and no authentication",
                 address);
  }
}

}  // namespace

absl::Status RunServer(const ServerOptions& options) {
  PrepareServerProcess();
  SetUpLogging(options.log_level, options.log_format);
  // Blocked in every thread to come, and waited for here.
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto server = Server::Start(options);
  if (!server.ok()) return server.status();
  spdlog::info("{}", (*server)->Describe());
  WarnOfOpenAddresses(**server);
  spdlog::info("{}", DescribeRecovery((*server)->recovery()));
  for (const std::string& line : DescribeFindings((*server)->recovery())) spdlog::warn("{}", line);

  int signal = 0;
  sigwait(&signals, &signal);
  // The next one has its usual effect.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  spdlog::info("stopping: {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  absl::Status status = (*server)->Stop(options.drain_timeout);
  if (status.ok()) spdlog::info("stopped");
  return status;
}

}  // namespace leat::server
