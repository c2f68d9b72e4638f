// A partition: its log, and the fetches that wait for more of it.
//
// Owned by its shard; the shard's thread only. What survives a crash is the log's affair.

#ifndef LEAT_SERVER_BROKER_PARTITION_H_
#define LEAT_SERVER_BROKER_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/answer.h"
#include "server/broker/calls.h"
#include "server/broker/fetch_waiters.h"
#include "server/broker/producer_names.h"
#include "storage/log/checkpoint.h"
#include "storage/log/log.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::broker {

class Partition {
 public:
  Partition(const log::PartitionKey& key, std::unique_ptr<log::Log> log);

  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  const log::PartitionKey& key() const { return key_; }

  // As `Broker::Append`. A batch that is under way when the partition closes is still answered.
  // False as of `log::Log::Append`.
  bool Append(record::Batch batch, const log::AppendConditions& conditions,
              Answer<log::AppendResult> done);

  // As `log::Log::FindProducer`.
  void FindProducer(const ProducerGrant& grant, Answer<std::optional<log::ProducerBatch>> found);

  // As `Broker::Fetch`. Nothing will ever come to a corrupt log: there a fetch that would wait gets
  // kLogCorrupt.
  void Fetch(uint64_t ticket, const FetchSpec& spec, Answer<FetchResult> done);
  void CancelFetch(uint64_t ticket);

  void FindTimestamp(int64_t timestamp_ms, Answer<record::Offset> done);

  PartitionStatus Status() const;
  record::Offset high_watermark() const { return log_->high_watermark(); }

  // See `log::Log`.
  std::optional<record::Offset> RetentionTarget();
  void TrimTo(record::Offset log_start);
  void SetOptions(const log::LogOptions& options) { log_->SetOptions(options); }

  bool CompactionDue();
  // Tells in the server's log what came of it; then `ended`.
  void Compact(const log::CompactionLimits& limits, io::Task ended);
  void CancelCompaction() { log_->CancelCompaction(); }

  // What the checkpoint may say; nullopt when nothing is on disk. Not to be asked of a log that is
  // corrupt or offline: what was said before stays, as the witness of what was acknowledged.
  std::optional<log::CheckpointEntry> checkpoint() const { return log_->checkpoint(); }
  log::LogState state() const { return log_->state(); }

  // Whether anything happened to the log since this was last asked.
  bool TakeChanged() { return std::exchange(changed_, false); }

  // Ends waiting fetches and refuses further calls with `why`, lets those under way end, and closes
  // the log; then `closed` with what became of that. The partition may die after it.
  void Close(absl::Status why, io::IoCallback closed);

 private:
  std::string Name() const;
  void OnLogChange();
  // Logs when a full disk begins to hinder appends, and when it ends to: with the watch on free
  // space turned off, or outrun, nothing else does.
  void NoteSpace(const absl::Status& appended);
  // Logs and remembers where a read met damage, until that place can be read or is trimmed away:
  // the log takes appends all the same, and knows nothing of it.
  void NoteRead(record::Offset from, const absl::StatusOr<log::ReadResult>& read);
  void Read(record::Offset from, size_t max_bytes, Answer<FetchResult> done);

  struct ReadFault {
    record::Offset offset;  // First one that could not be read.
    std::string detail;
  };

  const log::PartitionKey key_;
  const std::unique_ptr<log::Log> log_;
  FetchWaiters waiters_;
  bool changed_ = true;
  bool disk_full_ = false;
  log::LogState logged_state_;
  std::optional<ReadFault> read_fault_;
  absl::Status refusal_;  // Not OK once closing.
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_PARTITION_H_
