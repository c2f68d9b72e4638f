// The gRPC services, for the server that registers them. Each is a thin layer: admit the call,
// check the request, ask the broker, answer.
//
// Owned by `server::Server`. Nothing of gRPC is in this header but the name of its base class.

#ifndef LEAT_SERVER_RPC_SERVICES_H_
#define LEAT_SERVER_RPC_SERVICES_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/rpc/rpc_context.h"
#include "storage/io/io_backend.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace leat::group {
class Coordinator;
}  // namespace leat::group

namespace leat::rpc {

// What GetServerInfo tells besides what the broker knows.
struct ServerFacts {
  std::string version;
  std::string data_directory;
  absl::Time start_time;
  io::IoBackendKind io_backend = io::IoBackendKind::kPosix;
  std::string io_backend_reason;
  bool direct_io = false;
};

// Their full names, for health.
inline constexpr std::string_view kServiceNames[] = {
    "leat.v1.TopicService", "leat.v1.LogService", "leat.v1.GroupService", "leat.v1.ServerService"};

// `context` and `groups` outlive the service.
std::unique_ptr<grpc::Service> MakeTopicService(RpcContext& context);
std::unique_ptr<grpc::Service> MakeLogService(RpcContext& context);
std::unique_ptr<grpc::Service> MakeGroupService(RpcContext& context, group::Coordinator& groups);
std::unique_ptr<grpc::Service> MakeServerService(RpcContext& context, const ServerFacts& facts);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_SERVICES_H_
