// Walks the fields of a message without parsing it into an object. Internal; bytes only.

#ifndef LEAT_CLIENT_MESSAGE_FIELDS_H_
#define LEAT_CLIENT_MESSAGE_FIELDS_H_

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "storage/record/wire.h"

namespace leat::client {

// One field: its number, and its value as a number or as bytes.
struct Field {
  uint32_t number = 0;
  uint64_t varint = 0;
  std::string_view bytes;
};

// Calls `visit` for each field of a message. False when the message is malformed or `visit` returns
// false.
inline bool ForEachField(std::string_view message, absl::FunctionRef<bool(const Field&)> visit) {
  record::WireReader reader(message);
  while (!reader.done()) {
    record::WireTag tag = 0;
    Field field;
    if (!reader.ReadTag(&tag)) return false;
    field.number = record::FieldOf(tag);
    bool ok = false;
    switch (record::WireTypeOf(tag)) {
      case record::WireType::kVarint:
        ok = reader.ReadVarint(&field.varint);
        break;
      case record::WireType::kBytes:
        ok = reader.ReadBytes(&field.bytes);
        break;
      default:
        ok = reader.SkipValue(tag);
    }
    if (!ok || !visit(field)) return false;
  }
  return true;
}

}  // namespace leat::client

#endif  // LEAT_CLIENT_MESSAGE_FIELDS_H_
