#include "server/transport.h"

#include <grpcpp/resource_quota.h>

namespace leat::server {
namespace {

// Fields around the records of the largest message.
constexpr int kEnvelopeBytes = 64 << 10;

constexpr int kFrameBytes = 1 << 20;
constexpr int kSecond = 1'000;

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

}  // namespace

void ConfigureTransport(const ServerOptions& options, grpc::ServerBuilder& builder) {
  SetLimits(options, builder);
  SetTransport(builder);
}

}  // namespace leat::server
