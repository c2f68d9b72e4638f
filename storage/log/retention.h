// What retention wants gone: by age of the newest record of a segment, and by the space a log
// takes. Decides only; nothing here removes a file. The log's thread.

#ifndef LEAT_STORAGE_LOG_RETENTION_H_
#define LEAT_STORAGE_LOG_RETENTION_H_

#include <cstdint>
#include <optional>

#include "storage/io/clock.h"
#include "storage/log/durable_log.h"
#include "storage/log/log_types.h"
#include "storage/log/segment.h"
#include "storage/record/ids.h"

namespace leat::log {

// Where the log should start at `now_ms`: the end of its last sealed segment that must go. nullopt
// when none must.
std::optional<record::Offset> RetentionStart(const DurableLog& log, const LogOptions& options,
                                             int64_t now_ms);

// Whether an active segment is so old that it should be sealed: it is due for retention, or past
// its age.
bool RollForAge(const Segment& active, const LogOptions& options, int64_t now_ms);

// Tells when the wall clock jumped, so that nothing is judged by a time that is wrong.
class WallClockWatch {
 public:
  // Whether the wall clock moved as the monotonic one did since the last call. True at first.
  bool Steady(const io::Clock& clock);

 private:
  struct Reading {
    int64_t wall_ms = 0;
    io::MonotonicTime monotonic;
  };
  std::optional<Reading> last_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_RETENTION_H_
