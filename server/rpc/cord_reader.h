// Protobuf's wire format, read from a cord: as `record::WireReader`, and as strict, for messages
// that lie in several pieces of memory. Fields of bytes come out as cords that share the message's
// memory.
//
// Used by the parsers of raw requests. Any thread; the cord must outlive the reader.

#ifndef LEAT_SERVER_RPC_CORD_READER_H_
#define LEAT_SERVER_RPC_CORD_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/cord.h"
#include "storage/record/wire.h"

namespace leat::rpc {

// Each `Read` is false where the bytes end too early or hold no such value; the reader is of no use
// then.
class CordReader {
 public:
  explicit CordReader(const absl::Cord& bytes) : at_(bytes.char_begin()), left_(bytes.size()) {}

  bool done() const { return left_ == 0; }

  bool ReadTag(record::WireTag* tag) {
    uint64_t value = 0;
    if (!ReadNumber(5, 0x0f, &value)) return false;
    *tag = static_cast<record::WireTag>(value);
    return true;
  }

  bool ReadVarint(uint64_t* value) { return ReadNumber(10, 0x01, value); }

  // A length and that many bytes.
  bool ReadBytes(absl::Cord* bytes) {
    uint64_t size = 0;
    if (!ReadNumber(5, 0x07, &size)) return false;
    return Take(size, bytes);
  }

  // Four bytes or eight, unread.
  bool SkipFixed(size_t size) {
    absl::Cord ignored;
    return Take(size, &ignored);
  }

 private:
  // Seven bits a byte, lowest first, in at most `max_bytes`, of which the last possible one is at
  // most `max_last`.
  bool ReadNumber(int max_bytes, uint8_t max_last, uint64_t* value) {
    uint64_t result = 0;
    for (int i = 0; i < max_bytes && left_ > 0; ++i) {
      const auto byte = static_cast<uint8_t>(*at_);
      ++at_;
      --left_;
      result |= uint64_t{byte & 0x7fu} << (7 * i);
      if (byte < 0x80) {
        *value = result;
        return i + 1 < max_bytes || byte <= max_last;
      }
    }
    return false;
  }

  bool Take(uint64_t size, absl::Cord* bytes) {
    if (size > left_) return false;
    *bytes = absl::Cord::AdvanceAndRead(&at_, size);
    left_ -= size;
    return true;
  }

  absl::Cord::CharIterator at_;
  size_t left_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_CORD_READER_H_
