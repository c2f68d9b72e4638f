#include "server/grpc_server.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "server/address.h"
#include "server/rpc/services.h"

namespace leat::server {
namespace {

// Fields around the records of the largest message.
constexpr int kEnvelopeBytes = 64 << 10;

constexpr int kFrameBytes = 1 << 20;
constexpr int kSecond = 1'000;

// A client without a call may look at its connection only every few seconds, and so leave late.
constexpr absl::Duration kLastMoment = absl::Milliseconds(200);

void SetLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes) + kEnvelopeBytes);
  builder.SetMaxSendMessageSize(-1);
  builder.SetResourceQuota(
      grpc::ResourceQuota("leat").Resize(static_cast<size_t>(options.grpc_memory_bytes)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(options.max_streams_per_connection));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10 * kSecond);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 30 * 60 * kSecond);
  // This version decompresses a message without looking at its size first. Records have codecs of
  // their own.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
}

void SetTransport(grpc::ServerBuilder& builder) {
  // Else a second server on the same port takes half of the connections in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrameBytes);
  // Dead hosts are found in under a minute. Clients may ping every 10 s, give or take.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20 * kSecond);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 30 * kSecond);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5 * kSecond);
}

void EnablePlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const ServerOptions& options, std::vector<std::unique_ptr<grpc::Service>> services) {
  EnablePlugins();
  std::unique_ptr<GrpcServer> result(new GrpcServer);
  result->services_ = std::move(services);
  grpc::ServerBuilder builder;
  SetLimits(options, builder);
  SetTransport(builder);
  for (const auto& service : result->services_) builder.RegisterService(service.get());
  std::vector<int> ports(options.listen.size());
  for (size_t i = 0; i < options.listen.size(); ++i) {
    builder.AddListeningPort(options.listen[i], grpc::InsecureServerCredentials(), &ports[i]);
  }
  result->server_ = builder.BuildAndStart();
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const std::string& address = options.listen[i];
    if (result->server_ == nullptr && ports[i] == 0) {
      return absl::FailedPreconditionError(fmt::format("cannot listen on {}", address));
    }
    result->addresses_.push_back(WithPort(address, ports[i]));
  }
  if (result->server_ == nullptr) return absl::InternalError("gRPC did not start");
  for (const std::string_view name : rpc::kServiceNames) {
    result->server_->GetHealthCheckService()->SetServingStatus(std::string(name), true);
  }
  return result;
}

void GrpcServer::AnnounceStop() { server_->GetHealthCheckService()->SetServingStatus(false); }

void GrpcServer::Shutdown() {
  server_->Shutdown(absl::ToChronoTime(absl::Now() + kLastMoment));
  server_->Wait();
}

}  // namespace leat::server
