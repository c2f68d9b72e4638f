#include "server/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "server/address.h"
#include "server/broker/broker.h"
#include "server/group_host.h"
#include "server/grpc_server.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/services.h"
#include "server/storage_facts.h"
#include "server/version.h"
#include "storage/io/io_backend.h"
#include "storage/io/posix_file_system.h"

namespace leat::server {
namespace {

// Checking and slicing records keeps every core busy at most.
size_t WorkerThreads() { return std::max(2u, std::thread::hardware_concurrency()); }

broker::BrokerOptions ToBrokerOptions(const ServerOptions& options) {
  broker::BrokerOptions result;
  result.data_directory = options.data_dir;
  result.shard_count = options.shards;
  result.max_topics = options.max_topics;
  result.max_partitions_per_topic = options.max_partitions_per_topic;
  result.max_producers_per_topic = options.max_producers_per_topic;
  result.producer_expiry = options.producer_expiry;
  result.min_free_bytes = options.min_free_bytes;
  result.retention_interval = options.retention_interval;
  result.checkpoint_interval = options.checkpoint_interval;
  result.compaction_interval = options.compaction_interval;
  result.compaction_key_bytes = options.compaction_key_bytes;
  result.compaction_bytes_per_second = options.compaction_bytes_per_second;
  return result;
}

rpc::ServerLimits ToLimits(const ServerOptions& options) {
  rpc::ServerLimits limits;
  limits.max_message_bytes = static_cast<uint32_t>(options.max_message_bytes);
  limits.max_record_bytes = std::min(limits.max_record_bytes, limits.max_message_bytes);
  limits.max_partitions_per_topic = options.max_partitions_per_topic;
  limits.max_topics = options.max_topics;
  return limits;
}

group::GroupLog::Options ToGroupOptions(const ServerOptions& options) {
  group::GroupLog::Options result;
  result.limits.revocation_deadline_ms = absl::ToInt64Milliseconds(options.revocation_deadline);
  return result;
}

}  // namespace

// In order of construction; what is below is destroyed first.
struct Server::Impl {
  explicit Impl(const ServerOptions& options)
      : options(options),
        produce_budget(options.produce_in_flight_bytes),
        read_budget(options.read_in_flight_bytes),
        calls(options.max_calls) {}

  absl::Status Start();
  void LoadGroups();
  absl::Status Stop(absl::Duration drain);
  void CloseGroups();
  rpc::ServerFacts Facts() const;

  ServerOptions options;
  rpc::ByteBudget produce_budget;
  rpc::ByteBudget read_budget;
  rpc::Calls calls;
  io::IoBackend backend;
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<GroupHost> groups;
  std::unique_ptr<rpc::WorkerPool> pool;
  std::unique_ptr<rpc::RpcContext> context;
  std::unique_ptr<GrpcServer> grpc;
};

absl::Status Server::Impl::Start() {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(options.data_dir, ignored);
  if (!ignored) options.data_dir = absolute.lexically_normal().string();
  for (const std::string& address : options.listen) {
    if (auto status = CheckFree(address); !status.ok()) return status;
  }
  const auto choice = io::ParseIoBackendChoice(options.io_backend);
  if (!choice.ok()) return choice.status();
  auto chosen = io::ChooseIoBackend({.choice = *choice});
  if (!chosen.ok()) return chosen.status();
  backend = *std::move(chosen);

  auto started = broker::Broker::Start(ToBrokerOptions(options), io::PosixFileSystem(), backend);
  if (!started.ok()) return started.status();
  broker = *std::move(started);
  LoadGroups();
  pool = std::make_unique<rpc::WorkerPool>(WorkerThreads());
  // Clang 14 cannot initialise an aggregate in parentheses.
  context.reset(  // NOLINT(modernize-make-unique)
      new rpc::RpcContext{*broker, *pool, produce_budget, read_budget, calls, ToLimits(options)});

  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(rpc::MakeTopicService(*context));
  services.push_back(rpc::MakeLogService(*context));
  services.push_back(rpc::MakeGroupService(*context, *groups));
  services.push_back(rpc::MakeServerService(*context, Facts()));
  auto serving = GrpcServer::Start(options, std::move(services));
  if (!serving.ok()) return serving.status();
  grpc = *std::move(serving);
  groups->Start();
  return absl::OkStatus();
}

void Server::Impl::LoadGroups() {
  groups = std::make_unique<GroupHost>(*broker, ToGroupOptions(options));
  absl::Notification loaded;
  groups->Load([&loaded] { loaded.Notify(); });
  loaded.WaitForNotification();
}

// The groups end after the last call, and before their logs do. The worker pool ends after the
// broker has answered everything, and before the broker is destroyed: its last tasks may still ask.
absl::Status Server::Impl::Stop(absl::Duration drain) {
  if (grpc != nullptr) {
    grpc->AnnounceStop();
    calls.Stop();
    // Until the last call is over gRPC still lets new ones in, to be refused by us, who can say
    // why.
    calls.AwaitNone(drain);
    grpc->Shutdown();
  }
  if (groups != nullptr) CloseGroups();
  absl::Status status = broker == nullptr ? absl::OkStatus() : broker->Stop();
  pool.reset();
  return status;
}

void Server::Impl::CloseGroups() {
  absl::Notification closed;
  groups->Close([&closed] { closed.Notify(); });
  closed.WaitForNotification();
}

rpc::ServerFacts Server::Impl::Facts() const {
  rpc::ServerFacts facts;
  facts.version = std::string(kVersion);
  facts.data_directory = options.data_dir;
  facts.start_time = absl::Now();
  facts.io_backend = backend.kind;
  if (backend.kind != io::IoBackendKind::kUring) facts.io_backend_reason = backend.reason;
  facts.direct_io = UsesDirectIo(io::PosixFileSystem(), options.data_dir);
  return facts;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  if (impl_->pool != nullptr) Stop(absl::ZeroDuration()).IgnoreError();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  auto server = std::unique_ptr<Server>(new Server(std::make_unique<Impl>(options)));
  if (auto status = server->impl_->Start(); !status.ok()) return status;
  return server;
}

absl::Status Server::Stop(absl::Duration drain) { return impl_->Stop(drain); }

const std::vector<std::string>& Server::addresses() const { return impl_->grpc->addresses(); }

const broker::RecoverySummary& Server::recovery() const { return impl_->broker->recovery(); }

std::string Server::Describe() const {
  const rpc::ServerFacts facts = impl_->Facts();
  const std::string_view backend = io::IoBackendName(facts.io_backend);
  return fmt::format(
      "leat {}: data directory {} ({}, {}), I/O backend {}{}, {} shards, listening on {}",
      facts.version, facts.data_directory, FileSystemName(facts.data_directory),
      facts.direct_io ? "direct I/O" : "through the page cache", backend,
      facts.io_backend_reason.empty() ? "" : " (" + facts.io_backend_reason + ")",
      impl_->broker->shard_count(), fmt::join(addresses(), ", "));
}

}  // namespace leat::server
