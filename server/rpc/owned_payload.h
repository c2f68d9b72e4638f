// A payload in memory of its own, and its checksum, made in one pass over the bytes.
//
// What is kept for longer than a call must not hold on to gRPC's memory: its slices lie in larger
// blocks that are read from the socket, count against the memory gRPC may use, and would stay whole
// for the smallest record in them. And checking records needs them in one piece. Pure; any thread.

#ifndef LEAT_SERVER_RPC_OWNED_PAYLOAD_H_
#define LEAT_SERVER_RPC_OWNED_PAYLOAD_H_

#include <cstdint>

#include "absl/strings/cord.h"

namespace leat::rpc {

struct OwnedPayload {
  absl::Cord bytes;  // In one piece.
  uint32_t crc32c = 0;
};

OwnedPayload CopyPayload(const absl::Cord& bytes);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_OWNED_PAYLOAD_H_
