// Sizes, durations and counts as people write and read them. Pure.

#ifndef LEAT_CLI_QUANTITY_H_
#define LEAT_CLI_QUANTITY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leat::cli {

// "1048576", "512KiB", "1 GiB", "10MB" (powers of ten), "2g" (powers of two, as memory is).
// INVALID_ARGUMENT otherwise, and past 2^63.
absl::StatusOr<int64_t> ParseBytes(std::string_view text);

// "90s", "1h30m", "7d", "2w", "500ms", "0". INVALID_ARGUMENT otherwise.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// "17 B", "1.5 KiB", "2.0 GiB".
std::string FormatBytes(int64_t bytes);

// "7d", "1h30m", "250ms".
std::string DescribeDuration(absl::Duration duration);

// "1,234,567".
std::string FormatCount(int64_t count);

// "1 record", "2,000 records".
std::string Count(int64_t count, std::string_view noun);

// "2026-01-31T12:00:00.123Z".
std::string FormatTimestamp(int64_t timestamp_ms);

}  // namespace leat::cli

#endif  // LEAT_CLI_QUANTITY_H_
