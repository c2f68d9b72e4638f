// gRPC messages as cords and back, without copying what is large. Any thread.

#ifndef LEAT_SERVER_RPC_BYTE_BUFFER_H_
#define LEAT_SERVER_RPC_BYTE_BUFFER_H_

#include <grpcpp/support/byte_buffer.h>

#include <string_view>

#include "absl/strings/cord.h"

namespace leat::rpc {

// The message's bytes. The cord shares gRPC's memory; `buffer` is empty afterwards.
absl::Cord TakeCord(grpc::ByteBuffer& buffer);

// A message of these bytes, which shares the cord's memory.
grpc::ByteBuffer ToByteBuffer(const absl::Cord& bytes);

// The bytes of a cord in one piece. The view lives as long as the cord.
std::string_view FlatView(absl::Cord& bytes);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_BYTE_BUFFER_H_
