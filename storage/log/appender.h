// From an append to its answer: the one part of a log that writes to its segments.
//
// Whatever is pending when one of two flights is free becomes the next frame (group commit without
// a timer). Frames become durable in order, move the high watermark, and answer their appends. In
// between it makes blocks ready, rolls to a new segment, and marks a log that falls idle with its
// stable offset. One job at a time stands in the way of the next frame; `Pump` looks what that is
// after each event.
//
// Owned by the log, and kept alive by whatever it has in flight; the log's thread. After a crash
// every frame that was answered is there, in order.

#ifndef LEAT_STORAGE_LOG_APPENDER_H_
#define LEAT_STORAGE_LOG_APPENDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/append_queue.h"
#include "storage/log/block_preparer.h"
#include "storage/log/checkpoint.h"
#include "storage/log/durable_log.h"
#include "storage/log/durable_waiters.h"
#include "storage/log/frame_writer.h"
#include "storage/log/id_window.h"
#include "storage/log/key_offsets.h"
#include "storage/log/log_types.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/producer_snapshots.h"
#include "storage/log/quiet_timer.h"
#include "storage/log/sequencer.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

class Appender : public std::enable_shared_from_this<Appender> {
 public:
  struct Place {
    std::string directory;
    PartitionKey key;
  };

  // Called after the answers of the event that caused them.
  struct Hooks {
    std::function<void()> changed;  // The high watermark or the state.
    std::function<void()> sealed;   // The active segment has become a sealed one.
  };

  // `corrupt` is OK, or why nothing may be appended.
  Appender(const LogEnvironment& environment, Place place, const LogOptions& options,
           std::shared_ptr<DurableLog> log, AppendQueue queue, RecoveredProducers producers,
           absl::Status corrupt, Hooks hooks);

  // As the functions of `Log`.
  bool Append(record::Batch batch, const AppendConditions& conditions, AppendCallback done);
  void FindProducer(int64_t producer_id, uint64_t grant, ProducerCallback done);

  // Seals the active segment, if it has a frame, once what is in flight has ended. The next append
  // makes a new one. When that fails for want of space it is as if it had not been asked for.
  void Roll();

  // As `Log::Close`.
  void Close(io::IoCallback done);

  // Calls nobody any more. What is in flight ends on its own.
  void Abandon();

  void SetOptions(const LogOptions& options);

  LogState state() const { return state_; }
  const absl::Status& state_detail() const { return state_detail_; }
  record::Offset log_end() const { return queue_.log_end(); }
  uint64_t incarnation() const { return incarnation_; }

 private:
  // End of the frames written, durable or not.
  struct Written {
    io::FilePosition position;
    uint32_t last_frame_crc = 0;
    record::Offset next_offset;
    record::Offset stable_offset;  // As in the last frame.
  };

  // Before a batch is queued (appender_admission.cc).
  absl::Status Refusal() const;
  absl::Status CheckEnd(const AppendConditions& conditions) const;
  absl::Status CheckKeys(const AppendConditions& conditions, const RecordPlaces* places) const;
  std::shared_ptr<const RecordPlaces> FindDuplicates(const AppendConditions& conditions);
  void Queue(record::Batch batch, const AppendConditions& conditions, const RecordPlaces* places,
             AppendCallback done);
  void AnswerLater(absl::StatusOr<AppendResult> answer, record::Offset until, AppendCallback done);
  void AfterDurable(record::Offset until, DurableWaiter waiter);
  void Tell(std::vector<DurableWaiter> waiters, const absl::Status& status);

  void SchedulePump();
  void Pump();

  // Jobs that stand in the way of the next frame.
  bool RollDue() const;
  void SealActive();
  void OnSealed(absl::StatusOr<SealedSegment> sealed);
  void CreateNext();
  void OnCreated(absl::StatusOr<ActiveSegment> created);
  void BeginSegment(const Segment& segment);
  // Whether what is queued must not be written before there is a snapshot.
  bool NeedsSnapshot() const { return sequencer_.under_way() || ids_.on(); }
  // Whether one has to be made before the next frame.
  bool SnapshotDue() const;
  void SaveProducers(io::IoCallback done);
  void SaveProducersNow();
  void RequireBlocks(io::FilePosition frame_end, size_t frame_bytes);

  // The next frame.
  bool HasFrame() const { return !queue_.empty() || mark_wanted_; }
  size_t NextFrameBytes(size_t max_frame_bytes) const;
  size_t MaxFrameBytes() const;
  void WriteFrame();
  void OnWritten();
  void Answer(std::vector<Flight> flights);

  // What goes wrong.
  void OnJobFailed(const absl::Status& status);
  void Refuse(std::vector<AppendCallback> done, const absl::Status& status);
  void RefuseQueued(const absl::Status& status);
  void GoOffline();

  void OnQuiet();
  void ContinueClose();
  void EndClose(absl::Status status);

  const LogEnvironment environment_;
  const Place place_;
  const Hooks hooks_;
  const uint64_t incarnation_;
  LogOptions options_;

  std::shared_ptr<DurableLog> log_;
  AppendQueue queue_;
  ProducerSnapshots snapshots_;
  Sequencer sequencer_;
  IdWindow ids_;
  KeyOffsets keys_;
  DurableWaiters waiters_;
  FrameWriter writer_;
  BlockPreparer preparer_;
  std::shared_ptr<QuietTimer> mark_timer_;
  Written written_;

  LogState state_ = LogState::kOnline;
  absl::Status state_detail_;
  absl::Status failure_;  // Goes offline over this once nothing is in progress.

  bool pump_posted_ = false;
  bool job_in_progress_ = false;
  bool at_gate_ = false;
  bool roll_wanted_ = false;
  bool mark_wanted_ = false;
  bool closing_ = false;
  bool close_marked_ = false;
  bool close_saved_ = false;
  bool abandoned_ = false;
  io::IoCallback close_done_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_APPENDER_H_
