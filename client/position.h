// Places in a partition, as a reader names them. Plain values.

#ifndef LEAT_CLIENT_POSITION_H_
#define LEAT_CLIENT_POSITION_H_

#include <cstdint>

namespace leat::client {

struct Position {
  enum class Kind : uint8_t {
    kEarliest,      // The log start.
    kLatest,        // The high watermark.
    kOffset,        // `value`.
    kAfterStart,    // `value` records after the log start.
    kBeforeLatest,  // `value` records before the high watermark, or the log start.
    kTimestamp,     // The first record at or after `value` ms since 1970-01-01 UTC, or the high
                    // watermark.
  };

  Kind kind = Kind::kEarliest;
  int64_t value = 0;

  static Position Earliest() { return {Kind::kEarliest, 0}; }
  static Position Latest() { return {Kind::kLatest, 0}; }
  static Position AtOffset(int64_t offset) { return {Kind::kOffset, offset}; }
  static Position AfterStart(int64_t records) { return {Kind::kAfterStart, records}; }
  static Position BeforeLatest(int64_t records) { return {Kind::kBeforeLatest, records}; }
  static Position AtTime(int64_t timestamp_ms) { return {Kind::kTimestamp, timestamp_ms}; }

  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_POSITION_H_
