#include "client/grpc_status.h"

#include "client/status.h"
#include "google/rpc/status.pb.h"

namespace leat::client {

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status rpc_status;
  // Details that are no google.rpc.Status come from something between us and the server: the code
  // and the message still hold.
  if (!rpc_status.ParseFromString(status.error_details())) rpc_status.Clear();
  rpc_status.set_code(status.error_code());
  rpc_status.set_message(status.error_message());
  return FromRpcStatus(rpc_status);
}

}  // namespace leat::client
