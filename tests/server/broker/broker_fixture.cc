#include "tests/server/broker/broker_fixture.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/io/file_system.h"
#include "storage/io/posix_file_system.h"
#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::broker {

BrokerTest::BrokerTest() { NewDirectory(); }

BrokerTest::~BrokerTest() {
  broker_.reset();
  for (const std::string& directory : directories_) std::filesystem::remove_all(directory);
}

void BrokerTest::SetUp() {
  absl::StatusOr<io::IoBackend> backend = io::ChooseIoBackend({.choice = GetParam()});
  if (!backend.ok()) GTEST_SKIP() << backend.status();
  backend_ = *std::move(backend);
}

BrokerOptions BrokerTest::DefaultOptions() {
  return {.shard_count = 2,
          .min_free_bytes = 0,
          .retention_interval = absl::Hours(1),
          .checkpoint_interval = absl::Hours(1)};
}

absl::Status BrokerTest::Start(BrokerOptions options) {
  if (options.data_directory.empty()) options.data_directory = directories_.back();
  absl::StatusOr<std::unique_ptr<Broker>> broker =
      Broker::Start(options, io::PosixFileSystem(), *backend_);
  if (!broker.ok()) return broker.status();
  broker_ = *std::move(broker);
  return absl::OkStatus();
}

absl::Status BrokerTest::Stop() {
  absl::Status stopped = broker_->Stop();
  broker_.reset();
  return stopped;
}

absl::Status BrokerTest::CrashAndStart(const BrokerOptions& options) {
  const std::string before = directories_.back();
  std::filesystem::copy(
      before, NewDirectory(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  broker_.reset();
  return Start(options);
}

std::string BrokerTest::NewDirectory() {
  std::string path = io::JoinPath(testing::TempDir(), "broker_XXXXXX");
  if (mkdtemp(path.data()) == nullptr) abort();
  return directories_.emplace_back(path);
}

std::string BrokerTest::Path(std::string_view name) const {
  return io::JoinPath(directories_.back(), name);
}

std::string BrokerTest::ReadFile(std::string_view name) const {
  std::ifstream file(Path(name), std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void BrokerTest::WriteFile(std::string_view name, std::string_view content) const {
  std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
  std::ofstream(Path(name), std::ios::binary | std::ios::trunc) << content;
}

std::vector<std::string> BrokerTest::List(std::string_view directory) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Path(directory))) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<TopicHandle> BrokerTest::Create(const std::string& name, uint32_t partitions,
                                               const TopicSettings& settings) {
  return Wait<TopicHandle>(
      [&](auto done) { broker().CreateTopic(name, partitions, settings, std::move(done)); });
}

absl::StatusOr<TopicHandle> BrokerTest::Delete(const TopicHandle& topic) {
  return Wait<TopicHandle>([&](auto done) { broker().DeleteTopic(topic, std::move(done)); });
}

absl::StatusOr<log::AppendResult> BrokerTest::Append(const TopicHandle& topic, uint32_t partition,
                                                     std::string_view value, uint32_t records) {
  return Wait<log::AppendResult>([&](auto done) {
    broker().Append(topic, partition, log::MakeBatch(0, records, value, 1'700'000'000'000),
                    std::move(done));
  });
}

absl::StatusOr<FetchResult> BrokerTest::Fetch(const TopicHandle& topic, uint32_t partition,
                                              int64_t from) {
  return Wait<FetchResult>([&](auto done) {
    broker().Fetch({.topic = topic, .partition = partition, .from = {from}}, std::move(done));
  });
}

absl::StatusOr<std::vector<PartitionStatus>> BrokerTest::Trim(const TopicHandle& topic,
                                                              std::vector<TrimTarget> targets) {
  return Wait<std::vector<PartitionStatus>>(
      [&](auto done) { broker().TrimTopic(topic, std::move(targets), std::move(done)); });
}

absl::StatusOr<std::vector<PartitionStatus>> BrokerTest::Describe(
    const TopicHandle& topic, std::vector<uint32_t> partitions) {
  return Wait<std::vector<PartitionStatus>>([&](auto done) {
    broker().DescribePartitions(topic, std::move(partitions), std::move(done));
  });
}

std::vector<std::string> BrokerTest::ReadAll(const TopicHandle& topic, uint32_t partition) {
  std::vector<std::string> values;
  absl::StatusOr<std::vector<PartitionStatus>> status = Describe(topic, {partition});
  if (!status.ok()) return {status.status().ToString()};
  record::Offset from = status->front().log_start;
  while (from < status->front().high_watermark) {
    absl::StatusOr<FetchResult> fetched = Fetch(topic, partition, from.value);
    if (!fetched.ok()) return {fetched.status().ToString()};
    for (const record::Batch& batch : fetched->batches) {
      absl::Status walked = record::ForEachRecord(
          std::string(batch.payload), [&](const record::RecordView& record, uint32_t delta) {
            if (batch.header.base_offset + delta >= from) values.emplace_back(*record.value);
            return true;
          });
      if (!walked.ok()) return {walked.ToString()};
    }
    from = fetched->next_offset;
  }
  return values;
}

std::string BackendParamName(const testing::TestParamInfo<io::IoBackendChoice>& info) {
  return info.param == io::IoBackendChoice::kUring ? "Uring" : "Posix";
}

}  // namespace leat::broker
