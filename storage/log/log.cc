#include "storage/log/log.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/log/append_queue.h"
#include "storage/log/appender.h"
#include "storage/log/compactor.h"
#include "storage/log/durable_log.h"
#include "storage/log/log_reader.h"
#include "storage/log/quiet_timer.h"
#include "storage/log/retention.h"
#include "storage/log/segment_remover.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

// Memory of a log that takes no appends any more is better used elsewhere.
constexpr absl::Duration kTailLifetime = absl::Seconds(30);

absl::Status CorruptError(const Finding& finding) {
  return record::MakeError(
      record::Reason::kLogCorrupt,
      absl::StrCat(finding.file, " at byte ", finding.position.bytes, ": ", finding.detail),
      {{"file", finding.file}, {"offset", absl::StrCat(finding.offset.value)}});
}

}  // namespace

struct Log::Parts {
  LogEnvironment environment;
  LogOptions options;
  std::shared_ptr<DurableLog> durable;
  std::shared_ptr<Appender> appender;
  std::shared_ptr<LogReader> reader;
  std::shared_ptr<SegmentRemover> remover;
  std::shared_ptr<Compactor> compactor;
  std::shared_ptr<QuietTimer> tail_timer;
  std::optional<CheckpointEntry> opening_checkpoint;
  WallClockWatch wall_clock;
  std::function<void()> observer = [] {};

  void TrimTo(record::Offset log_start) {
    std::vector<std::shared_ptr<Segment>> trimmed = durable->TrimTo(log_start);
    reader->DropTrimmed();
    remover->Remove(std::move(trimmed));
  }

  void OnChanged() {
    tail_timer->Touch();
    observer();
  }
};

std::unique_ptr<Log> Log::Create(const LogEnvironment& environment, const RecoveryInput& place,
                                 RecoveredLog recovered, const LogOptions& options) {
  auto parts = std::make_unique<Parts>();
  Parts* const p = parts.get();
  AppendQueue queue(recovered.next_offset, recovered.last_append_timestamp_ms);
  absl::Status corrupt;
  if (recovered.corrupt.has_value()) corrupt = CorruptError(*recovered.corrupt);
  RecoveredProducers producers = std::move(recovered.producers);
  p->environment = environment;
  p->options = options;
  p->durable = std::make_shared<DurableLog>(std::move(recovered), options.tail_bytes);
  p->reader = std::make_shared<LogReader>(environment, p->durable);
  p->remover = std::make_shared<SegmentRemover>(environment, place.directory);
  p->compactor = std::make_shared<Compactor>(environment, p->durable, [p] { p->observer(); });
  p->tail_timer = std::make_shared<QuietTimer>(*environment.loop, kTailLifetime,
                                               [p] { p->durable->tail().Clear(); });
  p->opening_checkpoint = place.checkpoint;
  p->appender = std::make_shared<Appender>(
      environment, Appender::Place{.directory = place.directory, .key = place.key}, options,
      p->durable, std::move(queue), std::move(producers), std::move(corrupt),
      Appender::Hooks{.changed = [p] { p->OnChanged(); },
                      .sealed = [p] { p->TrimTo(p->durable->log_start()); }});
  return std::unique_ptr<Log>(new Log(std::move(parts)));
}

Log::Log(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Log::~Log() { parts_->appender->Abandon(); }

bool Log::Append(record::Batch batch, const AppendConditions& conditions, AppendCallback done) {
  return parts_->appender->Append(std::move(batch), conditions, std::move(done));
}

void Log::FindProducer(int64_t producer_id, uint64_t grant, ProducerCallback done) {
  parts_->appender->FindProducer(producer_id, grant, std::move(done));
}

void Log::Read(record::Offset from, size_t max_bytes, ReadCallback done) {
  parts_->reader->Read(from, max_bytes, std::move(done));
}

void Log::FindTimestamp(int64_t timestamp_ms, OffsetCallback done) {
  parts_->reader->FindTimestamp(timestamp_ms, std::move(done));
}

record::Offset Log::log_start() const { return parts_->durable->log_start(); }
record::Offset Log::high_watermark() const { return parts_->durable->high_watermark(); }
record::Offset Log::log_end() const { return parts_->appender->log_end(); }

void Log::set_observer(std::function<void()> observer) { parts_->observer = std::move(observer); }

LogState Log::state() const { return parts_->appender->state(); }
absl::Status Log::state_detail() const { return parts_->appender->state_detail(); }
uint64_t Log::bytes_on_disk() const { return parts_->durable->bytes_on_disk(); }

uint32_t Log::segment_count() const {
  return static_cast<uint32_t>(parts_->durable->segments().size());
}

std::optional<record::Offset> Log::RetentionTarget() {
  const io::Clock& clock = parts_->environment.loop->clock();
  if (!parts_->wall_clock.Steady(clock) || state() == LogState::kCorrupt) return std::nullopt;
  const int64_t now_ms = clock.WallMillis();
  const std::shared_ptr<Segment> active = parts_->durable->active();
  if (active != nullptr && RollForAge(*active, parts_->options, now_ms)) parts_->appender->Roll();
  return RetentionStart(*parts_->durable, parts_->options, now_ms);
}

void Log::TrimTo(record::Offset log_start) {
  const record::Offset before = this->log_start();
  parts_->TrimTo(log_start);
  if (this->log_start() == before) return;
  // An active segment of which nothing is left goes the same way once it is sealed.
  if (this->log_start() == log_end()) parts_->appender->Roll();
  parts_->observer();
}

void Log::SetOptions(const LogOptions& options) {
  const LogOptions before = std::exchange(parts_->options, options);
  if (before.compact != options.compact ||
      before.tombstone_retention != options.tombstone_retention) {
    parts_->compactor->Cancel();
  }
  parts_->durable->tail().SetBytes(options.tail_bytes);
  parts_->appender->SetOptions(options);
}

bool Log::CompactionDue() {
  return state() == LogState::kOnline && parts_->compactor->Due(parts_->options);
}

void Log::Compact(const CompactionLimits& limits, CompactionCallback done) {
  parts_->compactor->Run(parts_->options, limits, std::move(done));
}

void Log::CancelCompaction() { parts_->compactor->Cancel(); }

std::optional<CheckpointEntry> Log::checkpoint() const {
  // What bears witness that records are missing must not be replaced by what is left of them.
  if (state() == LogState::kCorrupt) return parts_->opening_checkpoint;
  if (parts_->durable->segments().empty()) return std::nullopt;
  CheckpointEntry entry = parts_->durable->segments().back()->Checkpoint();
  entry.incarnation = parts_->appender->incarnation();
  return entry;
}

void Log::Close(io::IoCallback done) {
  parts_->compactor->Cancel();
  parts_->appender->Close([p = parts_.get(), done = std::move(done)](absl::Status status) mutable {
    p->compactor->WhenIdle([p, status = std::move(status), done = std::move(done)]() mutable {
      p->reader->Drain([status = std::move(status), done = std::move(done)]() mutable {
        std::move(done)(std::move(status));
      });
    });
  });
}

}  // namespace leat::log
