// Writes protobuf's wire format piece by piece, right or wrong, so that tests can say what they
// send.

#ifndef LEAT_TESTS_STORAGE_RECORD_WIRE_VERBS_H_
#define LEAT_TESTS_STORAGE_RECORD_WIRE_VERBS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/record/wire.h"

namespace leat::record {

inline std::string Varint(uint64_t value) {
  std::string out;
  AppendVarint(value, &out);
  return out;
}

// A varint stretched with empty groups to `size` bytes.
inline std::string LongVarint(uint64_t value, size_t size) {
  std::string out = Varint(value);
  while (out.size() < size) {
    out.back() |= '\x80';
    out.push_back('\0');
  }
  return out;
}

inline std::string Tag(uint32_t field, uint32_t wire_type) {
  return Varint(uint64_t{field} << 3 | wire_type);
}

// A length-delimited field.
inline std::string Field(uint32_t field, std::string_view content) {
  std::string out = Tag(field, 2);
  AppendBytes(content, &out);
  return out;
}

// A varint field.
inline std::string Number(uint32_t field, uint64_t value) { return Tag(field, 0) + Varint(value); }

// Elements of a set, a record and a header, by their names.
inline std::string Record(std::string_view fields) { return Field(1, fields); }
inline std::string Key(std::string_view bytes) { return Field(1, bytes); }
inline std::string Value(std::string_view bytes) { return Field(2, bytes); }
inline std::string Header(std::string_view fields) { return Field(3, fields); }
inline std::string Delta(int64_t ms) { return Number(4, ZigZagEncode(ms)); }
inline std::string Name(std::string_view bytes) { return Field(1, bytes); }

}  // namespace leat::record

#endif  // LEAT_TESTS_STORAGE_RECORD_WIRE_VERBS_H_
