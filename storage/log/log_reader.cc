#include "storage/log/log_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/io/check.h"
#include "storage/log/batch_collector.h"
#include "storage/log/timestamp_search.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

constexpr absl::Duration kIdleCursorLifetime = absl::Seconds(2);

}  // namespace

struct LogReader::DiskRead {
  BatchCollector collector;
  size_t max_bytes = 0;
  LogCursor* cursor = nullptr;
  bool sequential = false;  // Goes on where another read ended.
  ReadCallback done;
};

LogReader::LogReader(const LogEnvironment& environment, std::shared_ptr<const DurableLog> log)
    : environment_(environment),
      log_(std::move(log)),
      idle_timer_(std::make_shared<QuietTimer>(*environment.loop, kIdleCursorLifetime,
                                               [this] { idle_.clear(); })) {}

void LogReader::Read(record::Offset from, size_t max_bytes, ReadCallback done) {
  BeginRead([this, from, max_bytes, done = std::move(done)]() mutable {
    StartRead(from, max_bytes, std::move(done));
  });
}

void LogReader::FindTimestamp(int64_t timestamp_ms, OffsetCallback done) {
  BeginRead([this, timestamp_ms, done = std::move(done)]() mutable {
    StartSearch(timestamp_ms, std::move(done));
  });
}

// Later, so that no callback runs inside the call that gave it.
void LogReader::BeginRead(absl::AnyInvocable<void() &&> start) {
  ++in_progress_;
  environment_.loop->Post([weak = weak_from_this(), start = std::move(start)]() mutable {
    // A callback may destroy the log: the reader lives on until the call ends.
    if (const auto self = weak.lock()) std::move(start)();
  });
}

void LogReader::EndRead() {
  --in_progress_;
  if (in_progress_ > 0 || drained_ == nullptr) return;
  std::move(std::exchange(drained_, nullptr))();
}

void LogReader::StartRead(record::Offset from, size_t max_bytes, ReadCallback done) {
  const bool in_range = log_->log_start() <= from && from <= log_->high_watermark();
  if (!in_range) {
    std::move(done)(OutOfRange(from));
  } else if (from == log_->high_watermark()) {
    std::move(done)(ReadResult{.batches = {}, .next_offset = from});
  } else if (log_->tail().Contains(from)) {
    std::move(done)(log_->tail().Read(from, max_bytes));
  } else {
    return StartDiskRead(from, max_bytes, std::move(done));
  }
  EndRead();
}

void LogReader::StartDiskRead(record::Offset from, size_t max_bytes, ReadCallback done) {
  std::shared_ptr<LogCursor> cursor = TakeIdle(from);
  const bool sequential = cursor != nullptr;
  if (!sequential) {
    std::shared_ptr<Segment> segment = log_->Find(from);
    LEAT_CHECK(segment != nullptr);
    const IndexEntry start = segment->index().FindOffset(from);
    cursor = std::make_shared<LogCursor>(environment_, log_, std::move(segment), start, from,
                                         PayloadCheck::kVerify);
  }
  auto read = std::make_shared<DiskRead>(DiskRead{.collector = BatchCollector(from, max_bytes),
                                                  .max_bytes = max_bytes,
                                                  .cursor = cursor.get(),
                                                  .sequential = sequential,
                                                  .done = std::move(done)});
  busy_.insert(cursor);
  // The batch that contains `from` may lie this far behind the index entry.
  cursor->Scan(
      max_bytes + kIndexIntervalBytes,
      [read](const ParsedFrame& frame, const io::AlignedBuffer& memory) {
        return read->collector.Add(frame.batches, memory);
      },
      [this, read](absl::Status status) { EndDiskRead(*read, std::move(status)); });
}

void LogReader::EndDiskRead(DiskRead& read, absl::Status status) {
  const std::shared_ptr<LogReader> self = shared_from_this();
  const std::shared_ptr<LogCursor> cursor = TakeBusy(read.cursor);
  const record::Offset next_offset = read.collector.next_offset();
  if (status.ok()) KeepIdle(cursor, read);
  // What was read before an error is sound; whoever reads on meets the error again.
  if (!read.collector.empty()) {
    std::move(read.done)(read.collector.Take());
  } else if (!status.ok()) {
    std::move(read.done)(std::move(status));
  } else {
    // Trimmed away while it was looked for.
    std::move(read.done)(OutOfRange(next_offset));
  }
  EndRead();
}

void LogReader::StartSearch(int64_t timestamp_ms, OffsetCallback done) {
  auto search = std::make_shared<TimestampSearch>(log_, timestamp_ms);
  const std::optional<TimestampSearch::Start> start = search->FindStart();
  if (!start.has_value()) {
    std::move(done)(search->Result());
    return EndRead();
  }
  // Timestamps are in the headers: payloads need not be sound to find one.
  const auto cursor = std::make_shared<LogCursor>(environment_, log_, start->segment, start->entry,
                                                  start->entry.first_offset, PayloadCheck::kSkip);
  busy_.insert(cursor);
  cursor->Scan(
      0,
      [search](const ParsedFrame& frame, const io::AlignedBuffer&) { return search->Visit(frame); },
      [this, search, cursor = cursor.get(), done = std::move(done)](absl::Status status) mutable {
        const std::shared_ptr<LogReader> self = shared_from_this();
        const std::shared_ptr<LogCursor> ended = TakeBusy(cursor);
        if (status.ok()) {
          std::move(done)(search->Result());
        } else {
          std::move(done)(std::move(status));
        }
        EndRead();
      });
}

std::shared_ptr<LogCursor> LogReader::TakeBusy(LogCursor* cursor) {
  return std::move(busy_.extract(cursor).value());
}

std::shared_ptr<LogCursor> LogReader::TakeIdle(record::Offset from) {
  const auto found = std::find_if(idle_.begin(), idle_.end(), [from](const IdleCursor& idle) {
    return idle.next_offset == from;
  });
  if (found == idle_.end()) return nullptr;
  std::shared_ptr<LogCursor> cursor = std::move(found->cursor);
  idle_.erase(found);
  return cursor;
}

void LogReader::KeepIdle(std::shared_ptr<LogCursor> cursor, const DiskRead& read) {
  const record::Offset next_offset = read.collector.next_offset();
  if (next_offset < log_->log_start() || next_offset >= log_->high_watermark()) return;
  if (idle_.size() == kMaxIdleCursors) idle_.pop_front();
  ReadAheadBudget::Share memory =
      environment_.read_ahead_budget->Take(cursor->memory_bytes(read.max_bytes));
  if (memory.empty()) return;
  if (read.sequential) cursor->ReadAhead(read.max_bytes);
  idle_.push_back({next_offset, std::move(cursor), std::move(memory)});
  idle_timer_->Touch();
}

void LogReader::DropTrimmed() {
  std::erase_if(idle_,
                [this](const IdleCursor& idle) { return idle.next_offset < log_->log_start(); });
}

void LogReader::Drain(absl::AnyInvocable<void() &&> done) {
  if (in_progress_ == 0) return std::move(done)();
  drained_ = std::move(done);
}

absl::Status LogReader::OutOfRange(record::Offset offset) const {
  const int64_t log_start = log_->log_start().value;
  const int64_t high_watermark = log_->high_watermark().value;
  return record::MakeError(
      record::Reason::kOffsetOutOfRange,
      absl::StrCat("offset ", offset.value, " is not in [", log_start, ", ", high_watermark, "]"),
      {{"logStartOffset", absl::StrCat(log_start)},
       {"highWatermark", absl::StrCat(high_watermark)}});
}

}  // namespace leat::log
