// The messages of a member's stream, decoded without copying the records in them. Internal; bytes
// only.

#ifndef LEAT_CLIENT_CONSUME_MESSAGE_H_
#define LEAT_CLIENT_CONSUME_MESSAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/read_message.h"
#include "leat/v1/group.pb.h"

namespace leat::client {

// Records of one partition, a gap in it, or its damage. Can be moved: views point into `bytes`.
struct Delivery {
  std::unique_ptr<const std::string> bytes;
  std::string_view topic;
  uint32_t partition = 0;
  uint64_t assignment_epoch = 0;
  int64_t charged_bytes = 0;
  int64_t charged_records = 0;
  uint64_t stream = 0;  // Which of the member's streams brought it; set by `MemberState`.
  // Kind, `next_offset`, high watermark; the records, or the gap.
  ReadMessage message;
  absl::Status damage;  // Why nothing follows.
};

// A `leat.v1.ConsumeResponse`: what is in the log as a `Delivery`, all else as a protobuf object.
using ConsumeMessage = std::variant<Delivery, v1::ConsumeResponse>;

// INTERNAL when the message cannot be read.
absl::StatusOr<ConsumeMessage> DecodeConsumeMessage(std::string bytes);

}  // namespace leat::client

#endif  // LEAT_CLIENT_CONSUME_MESSAGE_H_
