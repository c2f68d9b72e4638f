// The front of a `leat.v1.ReadResponse`, read without touching the records behind it. Pure.

#ifndef LEAT_BENCH_LOAD_READ_HEAD_H_
#define LEAT_BENCH_LOAD_READ_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace leat::bench {

struct ReadHead {
  enum class Event { kNone, kBatch, kEndOfRange, kHeartbeat, kOther };

  Event event = Event::kNone;
  uint32_t partition = 0;
  int64_t next_offset = 0;
  // Of a batch.
  int64_t base_offset = 0;
  uint32_t record_count = 0;
  uint32_t payload_crc32c = 0;
  size_t payload_position = 0;  // In the message; the payload is its end.
  size_t payload_bytes = 0;
};

// `front` are the first bytes of a message of `message_bytes`: all of them, or at least
// `kReadHeadBytes`. nullopt when that is no message as Leat writes it, with a batch's payload last.
inline constexpr size_t kReadHeadBytes = 512;
std::optional<ReadHead> ParseReadHead(std::string_view front, size_t message_bytes);

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_READ_HEAD_H_
