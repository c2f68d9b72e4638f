// The `-o` flag: which part of a partition is read. Pure.
//
//   RANGE = FROM | [FROM] ":" [TO]       without TO the read goes on with what comes
//   FROM, TO = "start" | "end" | N | "+N" (N after the start) | "-N" (N before the end) | "@" TIME
//   TIME = seconds or milliseconds since 1970 | 2026-01-31 | 2026-01-31 12:00[:00] | RFC 3339 |
//   "-" DURATION (such as -1h30m ago)
//
// After "@TIME:" the end is a TIME too, or "end".

#ifndef LEAT_CLI_OFFSET_RANGE_H_
#define LEAT_CLI_OFFSET_RANGE_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/position.h"

namespace leat::cli {

struct OffsetRange {
  client::Position start;
  std::optional<client::Position> end;

  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

// INVALID_ARGUMENT naming what cannot be read. `now` is what times ago count from.
absl::StatusOr<OffsetRange> ParseOffsetRange(std::string_view text, absl::Time now);

// One place: what stands for FROM above.
absl::StatusOr<client::Position> ParsePosition(std::string_view text, absl::Time now);

}  // namespace leat::cli

#endif  // LEAT_CLI_OFFSET_RANGE_H_
