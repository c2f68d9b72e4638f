// What the handles of this library share: one gRPC channel. Internal; any thread.

#ifndef LEAT_CLIENT_CONNECTION_H_
#define LEAT_CLIENT_CONNECTION_H_

#include <memory>

#include "client/options.h"

namespace grpc {
class Channel;
}

namespace leat::client {

struct Connection {
  ClientOptions options;
  std::shared_ptr<grpc::Channel> channel;
};

// Whether the channel stands; begins to connect if not. Never blocks.
bool IsConnected(const Connection& connection);

}  // namespace leat::client

#endif  // LEAT_CLIENT_CONNECTION_H_
