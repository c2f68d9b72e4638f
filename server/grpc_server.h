// gRPC as this server uses it: addresses, limits, health and reflection.
//
// Owned by `Server`; used by its thread. Private to `server`: it names gRPC's types.

#ifndef LEAT_SERVER_GRPC_SERVER_H_
#define LEAT_SERVER_GRPC_SERVER_H_

#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/options.h"

namespace leat::server {

class GrpcServer {
 public:
  // Binds the addresses and serves. FAILED_PRECONDITION naming the address that could not be bound.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const ServerOptions& options, std::vector<std::unique_ptr<grpc::Service>> services);

  // Health says NOT_SERVING from now on.
  void AnnounceStop();

  // Takes no more connections, gives last answers and clients a moment to be gone, and cancels
  // what is left. When it returns no call is under way.
  void Shutdown();

  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  GrpcServer() = default;

  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> addresses_;
};

}  // namespace leat::server

#endif  // LEAT_SERVER_GRPC_SERVER_H_
