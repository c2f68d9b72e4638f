// A log of the server's own, for the part of the server that keeps its state in it.
//
// Owned by its shard, and lives as long as the broker. The shard's thread only, but for `Post`.
// What survives a crash is told in `log::Log`. A log that nothing was ever appended to has no
// files. Appends go on when little space is left: what is refused then is records of producers.

#ifndef LEAT_SERVER_BROKER_INTERNAL_LOG_H_
#define LEAT_SERVER_BROKER_INTERNAL_LOG_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/broker/calls.h"
#include "server/broker/data_directory.h"
#include "server/broker/internal_log_id.h"
#include "server/broker/partition_table.h"
#include "storage/io/event_loop.h"
#include "storage/log/log.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::broker {

class InternalLog {
 public:
  static constexpr log::LogOptions kOptions = {
      // Small, so that little is left of what a snapshot has replaced.
      .segment_bytes = 16 << 20,
      .segment_age = absl::Hours(24 * 365),
      .tail_bytes = 64 << 10};

  // `loop` and `directory` outlive it.
  InternalLog(InternalLogId id, io::EventLoop& loop, const DataDirectory& directory,
              std::unique_ptr<log::Log> log);

  InternalLog(const InternalLog&) = delete;
  InternalLog& operator=(const InternalLog&) = delete;

  // Runs `task` on the log's thread; destroys it once the broker has stopped. Any thread.
  void Post(io::Task task) { loop_.Post(std::move(task)); }
  io::EventLoop& loop() { return loop_; }

  // As those of `log::Log`.
  void Append(record::Batch batch, Callback<log::AppendResult> done);
  void Read(record::Offset from, size_t max_bytes, Callback<log::ReadResult> done);
  record::Offset log_start() const { return log_->log_start(); }
  uint64_t bytes_on_disk() const { return log_->bytes_on_disk(); }
  log::LogState state() const { return log_->state(); }
  absl::Status state_detail() const { return log_->state_detail(); }

  // Makes it durable that the log begins at `log_start`, and removes what lies before. After an
  // error the log is as before; safe to repeat. kServerStopping once it is being closed.
  void TrimTo(record::Offset log_start, io::IoCallback done);

  // Refuses further appends (kServerStopping), waits for what is under way, and closes the log.
  // Whoever asks again gets the same answer.
  void Close(io::IoCallback done);

  // What the checkpoint is to say from now on; nullopt: what it said before.
  std::optional<CheckpointUpdate> TakeCheckpointUpdate();

  // Whether the log was closed in order. After `Close`.
  bool closed_cleanly() const;

 private:
  void OnStartSaved(record::Offset log_start, absl::Status saved, io::IoCallback done);
  void CloseWhenIdle();

  const InternalLogId id_;
  io::EventLoop& loop_;
  const DataDirectory& directory_;
  const std::unique_ptr<log::Log> log_;
  bool changed_ = true;  // Since the checkpoint was last asked for.
  size_t trims_under_way_ = 0;
  bool closing_ = false;
  std::optional<absl::Status> closed_;
  std::vector<io::IoCallback> await_closed_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_INTERNAL_LOG_H_
