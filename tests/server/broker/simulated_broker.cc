#include "tests/server/broker/simulated_broker.h"

#include <algorithm>
#include <cstdlib>

#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::broker {
namespace {

// The value of each batch's first record.
absl::Status AddFirstValues(const std::vector<record::Batch>& batches,
                            std::vector<std::string>& values) {
  for (const record::Batch& batch : batches) {
    absl::Status walked = record::ForEachRecord(std::string(batch.payload),
                                                [&](const record::RecordView& record, uint32_t) {
                                                  values.emplace_back(*record.value);
                                                  return false;
                                                });
    if (!walked.ok()) return walked;
  }
  return absl::OkStatus();
}

}  // namespace

SimulatedBroker::SimulatedBroker(uint64_t seed)
    : SimulatedBroker(
          seed, std::make_unique<io::SimulatedFileSystem>(io::SimulatedOptions{.seed = seed})) {}

SimulatedBroker::SimulatedBroker(uint64_t seed, std::unique_ptr<io::SimulatedFileSystem> disk)
    : seed_(seed), ids_(seed), disk_(std::move(disk)) {
  options_.data_directory = kDirectory;
  options_.shard_count = 2;
  options_.min_free_bytes = 0;
  options_.random = [this] { return ids_(); };
  backend_.new_event_loop = [this]() -> absl::StatusOr<std::unique_ptr<io::EventLoop>> {
    auto loop = std::make_unique<io::SimulatedEventLoop>(clock_, ++seed_);
    loops_.push_back(loop.get());
    return loop;
  };
}

absl::Status SimulatedBroker::Start() {
  loops_.clear();
  auto broker = Broker::StartSimulated(options_, *disk_, backend_, [this] { Turn(); });
  if (!broker.ok()) return broker.status();
  broker_ = *std::move(broker);
  return absl::OkStatus();
}

absl::Status SimulatedBroker::Stop() {
  absl::Status stopped = broker_->Stop();
  broker_.reset();
  return stopped;
}

void SimulatedBroker::GoOnWith(std::unique_ptr<io::SimulatedFileSystem> disk) {
  disk_->WatchChanges(nullptr);
  broker_.reset();
  disk_ = std::move(disk);
}

bool SimulatedBroker::Step() {
  bool stepped = false;
  for (io::SimulatedEventLoop* loop : loops_) stepped |= loop->Step();
  return stepped;
}

std::optional<io::MonotonicTime> SimulatedBroker::NextTimer() const {
  std::optional<io::MonotonicTime> due;
  for (io::SimulatedEventLoop* loop : loops_) {
    const std::optional<io::MonotonicTime> next = loop->NextTimer();
    if (next.has_value()) due = due.has_value() ? std::min(*due, *next) : next;
  }
  return due;
}

void SimulatedBroker::Turn() {
  if (Step()) return;
  const std::optional<io::MonotonicTime> due = NextTimer();
  if (!due.has_value()) abort();  // It waits for what will never come.
  clock_.AdvanceTo(*due);
}

void SimulatedBroker::Advance(absl::Duration duration) {
  const io::MonotonicTime end = clock_.Monotonic() + duration;
  while (true) {
    if (Step()) continue;
    const std::optional<io::MonotonicTime> due = NextTimer();
    if (!due.has_value() || *due > end) break;
    clock_.AdvanceTo(*due);
  }
  clock_.AdvanceTo(end);
}

absl::StatusOr<TopicHandle> SimulatedBroker::Create(const std::string& name, uint32_t partitions,
                                                    const TopicSettings& settings) {
  return Wait<TopicHandle>(
      [&](auto done) { broker().CreateTopic(name, partitions, settings, done); });
}

absl::StatusOr<TopicHandle> SimulatedBroker::Delete(const TopicHandle& topic) {
  return Wait<TopicHandle>([&](auto done) { broker().DeleteTopic(topic, done); });
}

absl::StatusOr<log::AppendResult> SimulatedBroker::Append(const TopicHandle& topic,
                                                          uint32_t partition,
                                                          std::string_view value) {
  return Wait<log::AppendResult>([&](auto done) {
    broker().Append(topic, partition, log::MakeBatch(0, 1, value, clock_.WallMillis()), done);
  });
}

absl::Status SimulatedBroker::Trim(const TopicHandle& topic, uint32_t partition,
                                   int64_t log_start) {
  return Wait<std::vector<PartitionStatus>>([&](auto done) {
           broker().TrimTopic(topic, {{partition, {log_start}}}, done);
         })
      .status();
}

absl::StatusOr<PartitionStatus> SimulatedBroker::Describe(const TopicHandle& topic,
                                                          uint32_t partition) {
  auto statuses = Wait<std::vector<PartitionStatus>>(
      [&](auto done) { broker().DescribePartitions(topic, {partition}, done); });
  if (!statuses.ok()) return statuses.status();
  return statuses->front();
}

absl::StatusOr<std::vector<std::string>> SimulatedBroker::ReadAll(const TopicHandle& topic,
                                                                  uint32_t partition) {
  absl::StatusOr<PartitionStatus> status = Describe(topic, partition);
  if (!status.ok()) return status.status();
  std::vector<std::string> values;
  record::Offset from = status->log_start;
  while (from < status->high_watermark) {
    absl::StatusOr<FetchResult> fetched = Wait<FetchResult>([&](auto done) {
      broker().Fetch({.topic = topic, .partition = partition, .from = from}, done);
    });
    if (!fetched.ok()) return fetched.status();
    absl::Status added = AddFirstValues(fetched->batches, values);
    if (!added.ok()) return added;
    from = fetched->next_offset;
  }
  return values;
}

absl::StatusOr<log::AppendResult> SimulatedBroker::AppendToGroupLog(uint32_t number,
                                                                    std::string_view value) {
  InternalLog& log = broker().group_log(number);
  return Wait<log::AppendResult>([&](auto done) {
    log.Post([&, done] { log.Append(log::MakeBatch(0, 1, value, clock_.WallMillis()), done); });
  });
}

absl::Status SimulatedBroker::TrimGroupLog(uint32_t number, int64_t log_start) {
  InternalLog& log = broker().group_log(number);
  const auto trim = [&](auto done) {
    log.TrimTo({log_start}, [done](absl::Status trimmed) {
      if (!trimmed.ok()) return done(std::move(trimmed));
      done(true);
    });
  };
  return Wait<bool>([&](auto done) { log.Post([trim, done] { trim(done); }); }).status();
}

absl::StatusOr<std::vector<std::string>> SimulatedBroker::ReadGroupLog(uint32_t number) {
  InternalLog& log = broker().group_log(number);
  std::vector<std::string> values;
  record::Offset from = log.log_start();
  while (true) {
    absl::StatusOr<log::ReadResult> read = Wait<log::ReadResult>(
        [&](auto done) { log.Post([&, done] { log.Read(from, 1 << 20, done); }); });
    if (!read.ok()) return read.status();
    if (read->batches.empty()) return values;
    absl::Status added = AddFirstValues(read->batches, values);
    if (!added.ok()) return added;
    from = read->next_offset;
  }
}

}  // namespace leat::broker
