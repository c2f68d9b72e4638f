// The way from a time to an offset: by segment, by index entry, then frame by frame. Memory only;
// the log's thread.

#ifndef LEAT_STORAGE_LOG_TIMESTAMP_SEARCH_H_
#define LEAT_STORAGE_LOG_TIMESTAMP_SEARCH_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "storage/log/durable_log.h"
#include "storage/log/frame.h"
#include "storage/log/index.h"
#include "storage/log/segment.h"
#include "storage/record/ids.h"

namespace leat::log {

class TimestampSearch {
 public:
  struct Start {
    std::shared_ptr<Segment> segment;
    IndexEntry entry;
  };

  TimestampSearch(std::shared_ptr<const DurableLog> log, int64_t timestamp_ms);

  // Where to begin; nullopt when no record is that late.
  std::optional<Start> FindStart() const;

  // Looks through the next frame. False when it was the one.
  bool Visit(const ParsedFrame& frame);

  // As `Log::FindTimestamp` gives it.
  record::Offset Result() const;

 private:
  std::shared_ptr<const DurableLog> log_;
  int64_t timestamp_ms_;
  std::optional<record::Offset> found_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_TIMESTAMP_SEARCH_H_
