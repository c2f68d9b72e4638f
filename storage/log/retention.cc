#include "storage/log/retention.h"

#include <memory>
#include <utility>

#include "absl/time/time.h"

namespace leat::log {
namespace {

constexpr absl::Duration kClockTolerance = absl::Minutes(5);

bool OlderThan(int64_t timestamp_ms, absl::Duration age, int64_t now_ms) {
  return absl::FromUnixMillis(now_ms) - absl::FromUnixMillis(timestamp_ms) > age;
}

bool Expired(const Segment& segment, const LogOptions& options, int64_t now_ms) {
  return options.retention_time > absl::ZeroDuration() &&
         OlderThan(segment.last_append_timestamp_ms(), options.retention_time, now_ms);
}

}  // namespace

std::optional<record::Offset> RetentionStart(const DurableLog& log, const LogOptions& options,
                                             int64_t now_ms) {
  std::optional<record::Offset> start;
  uint64_t bytes_left = log.bytes_on_disk();
  for (const std::shared_ptr<Segment>& segment : log.segments()) {
    if (segment->active()) break;
    const bool too_large = options.retention_bytes > 0 && bytes_left > options.retention_bytes;
    if (!too_large && !Expired(*segment, options, now_ms)) break;
    bytes_left -= segment->file_bytes();
    start = segment->next_offset();
  }
  return start;
}

bool RollForAge(const Segment& active, const LogOptions& options, int64_t now_ms) {
  if (active.empty()) return false;
  return Expired(active, options, now_ms) ||
         OlderThan(active.first_append_timestamp_ms(), options.segment_age, now_ms);
}

bool WallClockWatch::Steady(const io::Clock& clock) {
  const Reading now{.wall_ms = clock.WallMillis(), .monotonic = clock.Monotonic()};
  const std::optional<Reading> last = std::exchange(last_, now);
  if (!last.has_value()) return true;
  const absl::Duration wall = absl::Milliseconds(now.wall_ms - last->wall_ms);
  return absl::AbsDuration(wall - (now.monotonic - last->monotonic)) <= kClockTolerance;
}

}  // namespace leat::log
