// Protobuf's wire format, read without copies and written to strings:
// https://protobuf.dev/programming-guides/encoding.
//
// As strict as the strictest of the parsers in use: numbers that some of them refuse or cut are
// refused here. Inline throughout, since the check of every appended record is made of it. Any
// thread.

#ifndef LEAT_STORAGE_RECORD_WIRE_H_
#define LEAT_STORAGE_RECORD_WIRE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leat::record {

enum class WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// A field's number and wire type, as they stand before its value.
using WireTag = uint32_t;

constexpr WireTag MakeTag(uint32_t field, WireType type) {
  return field << 3 | static_cast<uint32_t>(type);
}
constexpr uint32_t FieldOf(WireTag tag) { return tag >> 3; }
constexpr WireType WireTypeOf(WireTag tag) { return static_cast<WireType>(tag & 7); }

constexpr uint64_t ZigZagEncode(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t ZigZagDecode(uint64_t bits) {
  return static_cast<int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
}

// A place in a serialized message. Each `Read` is false where the bytes end too early or hold no
// such value; the reader is of no use then.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return at_ == end_; }
  const char* position() const { return at_; }

  bool ReadTag(WireTag* tag) {
    uint64_t value = 0;
    if (!ReadNumber<5, 0x0f>(&value)) return false;
    *tag = static_cast<WireTag>(value);
    return true;
  }

  bool ReadVarint(uint64_t* value) { return ReadNumber<10, 0x01>(value); }

  // A length, below 2^31, and that many bytes.
  bool ReadBytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!ReadNumber<5, 0x07>(&size) || size > static_cast<size_t>(end_ - at_)) return false;
    *bytes = std::string_view(at_, size);
    at_ += size;
    return true;
  }

  // Passes over the value of a field of any type but a group.
  bool SkipValue(WireTag tag) {
    uint64_t number = 0;
    std::string_view bytes;
    switch (WireTypeOf(tag)) {
      case WireType::kVarint:
        return ReadVarint(&number);
      case WireType::kBytes:
        return ReadBytes(&bytes);
      case WireType::kFixed64:
        return Advance(8);
      case WireType::kFixed32:
        return Advance(4);
    }
    return false;
  }

 private:
  // Seven bits a byte, lowest first, in at most `kMaxBytes` bytes, of which the last possible one
  // is at most `kMaxLastByte`.
  template <int kMaxBytes, uint8_t kMaxLastByte>
  bool ReadNumber(uint64_t* value) {
    // Nearly all tags and most lengths take one byte.
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) {
      *value = static_cast<uint8_t>(*at_++);
      return true;
    }
    uint64_t result = 0;
    for (int i = 0; i < kMaxBytes && at_ != end_; ++i) {
      const auto byte = static_cast<uint8_t>(*at_++);
      result |= uint64_t{byte & 0x7fu} << (7 * i);
      if (byte < 0x80) {
        *value = result;
        return i + 1 < kMaxBytes || byte <= kMaxLastByte;
      }
    }
    return false;
  }

  bool Advance(size_t bytes) {
    if (bytes > static_cast<size_t>(end_ - at_)) return false;
    at_ += bytes;
    return true;
  }

  const char* at_;
  const char* end_;
};

// Bytes that `AppendVarint` writes.
constexpr size_t VarintBytes(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline void AppendVarint(uint64_t value, std::string* out) {
  char bytes[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out->append(bytes, size);
}

// Writes what `WireReader::ReadBytes` reads.
inline void AppendBytes(std::string_view bytes, std::string* out) {
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_WIRE_H_
