// A connection of its own, as a client that is tuned for throughput makes it.

#ifndef LEAT_BENCH_LOAD_CHANNEL_H_
#define LEAT_BENCH_LOAD_CHANNEL_H_

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace leat::bench {

using RawStub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

inline std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Else equal channels of one process share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// The first bytes of a message, in one piece. gRPC cuts messages where it likes.
inline std::string FrontOf(const std::vector<grpc::Slice>& slices, size_t bytes) {
  std::string front;
  for (const grpc::Slice& slice : slices) {
    if (front.size() == bytes) break;
    front.append(reinterpret_cast<const char*>(slice.begin()),
                 std::min(slice.size(), bytes - front.size()));
  }
  return front;
}

// Reads `bytes` into `message`; false when it holds none of its kind.
template <typename Message>
bool ParseBytes(const grpc::ByteBuffer& bytes, Message* message) {
  grpc::Slice slice;
  return bytes.DumpToSingleSlice(&slice).ok() &&
         message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_CHANNEL_H_
