// Keeps the topics durably: takes commands one at a time, writes what they decide to the log
// `__meta`, and lets a change take effect only once it is durable.
//
// Owned by the metadata shard; its loop's thread only. After a crash, every change that was
// answered is loaded, and of one that was not, all or nothing. The log stays short: now and then a
// snapshot of the whole state is written and what lies before it is trimmed.

#ifndef LEAT_SERVER_BROKER_METADATA_LOG_H_
#define LEAT_SERVER_BROKER_METADATA_LOG_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/answer.h"
#include "server/broker/metadata_loader.h"
#include "server/broker/topic_command.h"
#include "server/broker/topic_state.h"
#include "storage/io/clock.h"
#include "storage/io/event_loop.h"
#include "storage/log/log.h"

namespace leat::broker {

class MetadataLog {
 public:
  // Brings durable changes into force everywhere, in order, then runs `in_force`. On the loop's
  // thread.
  using Publish = std::function<void(std::vector<TopicChange> changes, io::Task in_force)>;

  // Makes it durable that the log begins at `log_start`, so that what lies before may go.
  using SaveStart = std::function<void(record::Offset log_start, io::IoCallback saved)>;

  struct Options {
    TopicLimits limits;
    // A snapshot is due when more than this, and more than four times the last snapshot, was
    // written since.
    uint64_t snapshot_interval_bytes = 4 << 20;
  };

  // What it needs of others.
  struct Surroundings {
    const io::Clock* clock = nullptr;  // Outlives it.
    std::function<uint64_t()> random;  // 64 random bits.
    Publish publish;
    SaveStart save_start;
  };

  MetadataLog(std::unique_ptr<log::Log> log, Surroundings surroundings, const Options& options);

  // Reads the state; to be called first, once. DATA_LOSS naming the offset when the records make no
  // sense: nothing was changed then.
  void Load(io::IoCallback done);

  // Takes its turn behind the commands before it; `done` once the change is durable and in force
  // (with no topic, for commands that name none). Errors: those of `TopicState::Handle`, kDiskFull,
  // kServerStopping, kAppendOutcomeUnknown; after that one, kPartitionOffline until the server has
  // been restarted and has read what the device really holds.
  void Submit(TopicCommand command, Answer<TopicHandle> done);

  const TopicState& state() const { return *state_; }
  const log::Log& log() const { return *log_; }

  // Refuses the commands that wait, lets the one under way end, and closes the log.
  void Close(io::IoCallback done);

 private:
  struct Waiting {
    TopicCommand command;
    Answer<TopicHandle> done;
  };

  void ReadOn(record::Offset from);
  absl::Status LoadBatches(const std::vector<record::Batch>& batches);
  void EndLoad(absl::Status status);

  void Next();
  void Execute(Waiting waiting);
  void OnDurable(TopicState::Decision decision, Answer<TopicHandle> done);
  void WriteSnapshot(std::vector<internal::MetadataRecord> parts, size_t next,
                     record::Offset first_offset);
  void OnSnapshotDurable(record::Offset first_offset);
  void EndWork();
  void Append(const std::vector<internal::MetadataRecord>& records,
              Callback<log::AppendResult> done);
  void NoteFailure(const absl::Status& status);
  void Count(const internal::MetadataRecord& first_of_batch, uint64_t batch_bytes);
  absl::Status Refusal() const;

  std::unique_ptr<log::Log> log_;
  const Surroundings surroundings_;
  const Options options_;

  std::optional<MetadataLoader> loader_;  // While loading.
  io::IoCallback loaded_;
  std::optional<TopicState> state_;  // From then on.

  std::deque<Waiting> waiting_;
  bool busy_ = false;     // A command or a snapshot is under way.
  absl::Status failure_;  // Of a write whose outcome is unknown.
  bool closing_ = false;
  io::IoCallback closed_;

  uint64_t bytes_since_snapshot_ = 0;
  uint64_t snapshot_bytes_ = 0;  // Of the last one.
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_METADATA_LOG_H_
