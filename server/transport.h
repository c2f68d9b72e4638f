// How gRPC carries the server's calls: sizes, memory, streams, frames, keepalive. The null server
// that Leat is measured against (bench/suite) has the same.

#ifndef LEAT_SERVER_TRANSPORT_H_
#define LEAT_SERVER_TRANSPORT_H_

#include <grpcpp/server_builder.h>

#include "server/options.h"

namespace leat::server {

void ConfigureTransport(const ServerOptions& options, grpc::ServerBuilder& builder);

}  // namespace leat::server

#endif  // LEAT_SERVER_TRANSPORT_H_
