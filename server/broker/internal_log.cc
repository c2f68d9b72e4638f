#include "server/broker/internal_log.h"

#include <utility>

#include "server/broker/answer.h"

namespace leat::broker {

InternalLog::InternalLog(InternalLogId id, io::EventLoop& loop, const DataDirectory& directory,
                         std::unique_ptr<log::Log> log)
    : id_(std::move(id)), loop_(loop), directory_(directory), log_(std::move(log)) {
  log_->set_observer([this] { changed_ = true; });
}

void InternalLog::Append(record::Batch batch, Callback<log::AppendResult> done) {
  log_->Append(std::move(batch), std::move(done));
}

void InternalLog::Read(record::Offset from, size_t max_bytes, Callback<log::ReadResult> done) {
  log_->Read(from, max_bytes, std::move(done));
}

void InternalLog::TrimTo(record::Offset log_start, io::IoCallback done) {
  if (closing_) {
    return loop_.Post([done = std::move(done)]() mutable { std::move(done)(ServerStopping()); });
  }
  ++trims_under_way_;
  loop_.Offload([this, log_start] { return directory_.SaveInternalLogStart(id_.name, log_start); },
                [this, log_start, done = std::move(done)](absl::Status saved) mutable {
                  OnStartSaved(log_start, std::move(saved), std::move(done));
                });
}

void InternalLog::OnStartSaved(record::Offset log_start, absl::Status saved, io::IoCallback done) {
  if (saved.ok()) log_->TrimTo(log_start);
  // The callback may close this: as long as it runs the trim is under way.
  std::move(done)(std::move(saved));
  --trims_under_way_;
  if (closing_) CloseWhenIdle();
}

void InternalLog::Close(io::IoCallback done) {
  if (closed_.has_value()) return std::move(done)(*closed_);
  await_closed_.push_back(std::move(done));
  if (!std::exchange(closing_, true)) CloseWhenIdle();
}

void InternalLog::CloseWhenIdle() {
  if (trims_under_way_ > 0) return;
  log_->Close([this](absl::Status status) {
    changed_ = true;
    closed_ = std::move(status);
    for (io::IoCallback& done : std::exchange(await_closed_, {})) std::move(done)(*closed_);
  });
}

std::optional<CheckpointUpdate> InternalLog::TakeCheckpointUpdate() {
  // Of a log that is corrupt or offline what was said before stays, as the witness of what was
  // acknowledged.
  if (!std::exchange(changed_, false) || log_->state() != log::LogState::kOnline) {
    return std::nullopt;
  }
  return CheckpointUpdate{id_.key, log_->checkpoint()};
}

bool InternalLog::closed_cleanly() const {
  return closed_.has_value() && closed_->ok() && log_->state() != log::LogState::kOffline;
}

}  // namespace leat::broker
