// The broker: every topic and partition of this server, behind calls that any thread may make.
//
// Owned by `server::Server`. A call posts to the shard concerned and returns at once; its callback
// runs on that shard's thread and must be short: it may not block, call gRPC, decompress or walk
// records. Errors carry a `record::Reason`. Below this interface there are no locks but those of
// the shards' mailboxes and of `TopicCatalog`. Only a call that comes after `Stop` is answered from
// within itself, with kServerStopping.

#ifndef LEAT_SERVER_BROKER_BROKER_H_
#define LEAT_SERVER_BROKER_BROKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/broker/calls.h"
#include "server/broker/internal_log.h"
#include "server/broker/random.h"
#include "server/broker/recovery_summary.h"
#include "server/broker/topic.h"
#include "storage/io/clock.h"
#include "storage/io/event_loop.h"
#include "storage/io/io_backend.h"
#include "storage/log/log.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::broker {

struct BrokerOptions {
  std::string data_directory;
  uint32_t shard_count = 0;  // 0: one for each core.
  uint32_t max_topics = 10'000;
  uint32_t max_partitions_per_topic = 1'024;
  uint32_t max_producers_per_topic = 10'000;
  absl::Duration producer_expiry = absl::Hours(24 * 7);
  uint64_t min_free_bytes = uint64_t{256}
                            << 20;  // Below this much free space appends get kDiskFull.
  absl::Duration retention_interval = absl::Seconds(30);
  absl::Duration checkpoint_interval = absl::Seconds(1);
  absl::Duration compaction_interval = absl::Seconds(30);
  uint64_t compaction_key_bytes = 64 << 20;         // Memory for keys.
  uint64_t compaction_bytes_per_second = 32 << 20;  // Read and written.
  // For simulations, which have one thread; null: each shard has its own `SystemRandom`.
  Random random;
};

class Broker {
 public:
  template <typename T>
  using Callback = broker::Callback<T>;

  // Locks the data directory, reads metadata, recovers every log and starts the shards. Blocks.
  // Errors name the file and what to do. `files` and `backend` outlive the broker.
  static absl::StatusOr<std::unique_ptr<Broker>> Start(const BrokerOptions& options,
                                                       io::FileSystem& files,
                                                       io::IoBackend& backend);

  // The same without threads, for simulations: everything happens in the caller's thread, while
  // `turn` runs the loops of `backend` a little. Whenever the broker waits it calls `turn`.
  static absl::StatusOr<std::unique_ptr<Broker>> StartSimulated(const BrokerOptions& options,
                                                                io::FileSystem& files,
                                                                io::IoBackend& backend,
                                                                std::function<void()> turn);

  // Calls `Stop` if need be.
  ~Broker();

  // Refuses new appends and changes (kServerStopping), answers those in flight, ends waiting
  // fetches (kServerStopping), closes every log and writes the clean-shutdown mark. Blocks. Any one
  // thread, once.
  absl::Status Stop();

  // --- Topics ---

  // The topic as it is now. kTopicNotFound; kTopicRecreated when `topic_id` is not empty and not
  // the topic's.
  absl::StatusOr<TopicHandle> FindTopic(std::string_view name,
                                        std::string_view topic_id = {}) const;

  // Up to `limit` topics whose names begin with `prefix` and come after `after`, by name.
  std::vector<TopicHandle> ListTopics(std::string_view prefix, std::string_view after,
                                      size_t limit) const;

  // Changes: durable, and in force on every shard, when the callback runs. Names and settings were
  // validated by the caller.
  void CreateTopic(std::string name, uint32_t partition_count, TopicSettings settings,
                   Callback<TopicHandle> done);
  // `change` is applied to the settings as they are when it is the change's turn.
  void UpdateTopic(TopicHandle topic, std::function<void(TopicSettings&)> change,
                   Callback<TopicHandle> done);
  void DeleteTopic(TopicHandle topic, Callback<TopicHandle> done);
  void AddPartitions(TopicHandle topic, uint32_t partition_count, Callback<TopicHandle> done);
  // Errors: kPartitionNotFound, kOffsetOutOfRange (past the high watermark); then nothing was
  // trimmed.
  void TrimTopic(TopicHandle topic, std::vector<TrimTarget> targets,
                 Callback<std::vector<PartitionStatus>> done);

  // The partitions named, or all when empty.
  void DescribePartitions(const TopicHandle& topic, std::vector<uint32_t> partitions,
                          Callback<std::vector<PartitionStatus>> done);

  // --- Records ---

  // Appends a checked batch, as `log::Log::Append`. kPartitionNotFound, kTopicNotFound (deleted
  // meanwhile), kTopicRecreated, kDiskFull and the log's errors. Appends posted by one thread to
  // one partition keep their order; in a lane they keep it when one of them fails. Only the
  // producer initialised last under its name may append: kProducerFenced, kProducerExpired.
  void Append(const TopicHandle& topic, uint32_t partition, record::Batch batch,
              Callback<log::AppendResult> done, AppendOptions options = {});

  // Gives the caller the name: durable, and all who had it before refused everywhere, when the
  // callback runs. kTopicNotFound, kTopicRecreated, and the errors of changes to topics.
  void InitProducer(TopicHandle topic, const std::string& name, Callback<InitializedProducer> done);

  // Reads, waiting if asked. The ticket names a waiting fetch for `CancelFetch`; `done` runs
  // exactly once in any case (with kCallEnded when cancelled).
  uint64_t Fetch(FetchSpec spec, Callback<FetchResult> done);
  void CancelFetch(const TopicHandle& topic, uint32_t partition, uint64_t ticket);

  // As `log::Log::FindTimestamp`.
  void FindTimestamp(const TopicHandle& topic, uint32_t partition, int64_t timestamp_ms,
                     Callback<record::Offset> done);

  // --- Groups ---

  // The log `number` of `__groups`, less than `kGroupLogs`; on shard `number % shard_count()`.
  // Whoever uses it closes it before `Stop`. It lives as long as the broker.
  InternalLog& group_log(uint32_t number);

  // Has `observer` told of each topic there is, and then of each change to one before that change
  // is answered: on the shard's thread, to which this posts. One for each shard. A topic that is
  // told of as put can be found by then (`FindTopic`), on any thread.
  void ObserveTopics(uint32_t shard, TopicObserver observer);

  // --- The server ---

  const RecoverySummary& recovery() const;
  const log::Uuid& directory_id() const;
  uint32_t shard_count() const;
  const io::Clock& clock() const;

 private:
  struct Impl;
  explicit Broker(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_BROKER_H_
