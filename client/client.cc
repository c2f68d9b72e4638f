#include "client/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <string_view>
#include <utility>

#include "client/connection.h"
#include "client/retry_policy.h"

namespace leat::client {
namespace {

bool IsOnThisMachine(std::string_view target) {
  return target.starts_with("127.") || target.starts_with("localhost:") ||
         target.starts_with("[::1]") || target.starts_with("unix:");
}

grpc::ChannelArguments ArgumentsFor(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, options.max_frame_bytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_interval)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_timeout)));
  // A client waits for a server that restarts: gRPC's own pauses grow to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // Otherwise equal channels of one process share a connection, and its throughput.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (IsOnThisMachine(options.target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Appends are retried by the producer, which knows what may have been appended.
  arguments.SetServiceConfigJSON(kRetryPolicy);
  return arguments;
}

}  // namespace

Client::Client(std::shared_ptr<const Connection> connection) : connection_(std::move(connection)) {}

Client Client::Connect(ClientOptions options) {
  auto connection = std::make_shared<Connection>();
  connection->channel = grpc::CreateCustomChannel(
      options.target, grpc::InsecureChannelCredentials(), ArgumentsFor(options));
  connection->options = std::move(options);
  return Client(std::move(connection));
}

const ClientOptions& Client::options() const { return connection_->options; }

bool IsConnected(const Connection& connection) {
  return connection.channel->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

}  // namespace leat::client
