#include "server/grpc_server.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "server/address.h"
#include "server/rpc/services.h"
#include "server/transport.h"

namespace leat::server {
namespace {

// A client without a call may look at its connection only every few seconds, and so leave late.
constexpr absl::Duration kLastMoment = absl::Milliseconds(200);

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
  ConfigureTransport(options, builder);
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
