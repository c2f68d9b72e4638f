// A protobuf message under way, for messages that carry records: these go out as the bytes they
// are, in the memory where they lie. The result is what the protobuf library would write, byte for
// byte.
//
// Any thread.

#ifndef LEAT_SERVER_RPC_MESSAGE_WRITER_H_
#define LEAT_SERVER_RPC_MESSAGE_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "storage/record/wire.h"

namespace leat::rpc {

// Fields are to be written in order of their numbers, as the library does. Zeros are left out
// (proto3).
class MessageWriter {
 public:
  void Int(uint32_t field, int64_t value) { Uint(field, static_cast<uint64_t>(value)); }

  void Uint(uint32_t field, uint64_t value) {
    if (value == 0) return;
    record::AppendVarint(record::MakeTag(field, record::WireType::kVarint), &tail_);
    record::AppendVarint(value, &tail_);
  }

  void String(uint32_t field, std::string_view value) {
    if (value.empty()) return;
    Length(field, value.size());
    tail_ += value;
  }

  // Opaque bytes; like numbers left out when empty.
  void Bytes(uint32_t field, const absl::Cord& value) {
    if (!value.empty()) Message(field, value);
  }

  // A message, which is written even when empty. Shares the memory of `value`.
  void Message(uint32_t field, const absl::Cord& value) {
    Length(field, value.size());
    Flush();
    message_.Append(value);
  }

  absl::Cord Take() {
    Flush();
    return std::move(message_);
  }

 private:
  void Length(uint32_t field, size_t size) {
    record::AppendVarint(record::MakeTag(field, record::WireType::kBytes), &tail_);
    record::AppendVarint(size, &tail_);
  }

  void Flush() {
    message_.Append(absl::string_view(tail_));
    tail_.clear();
  }

  absl::Cord message_;
  std::string tail_;  // Behind `message_`.
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_MESSAGE_WRITER_H_
