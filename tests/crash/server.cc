#include "tests/crash/server.h"

#include <utility>

#include "fmt/format.h"

namespace leat::crash {
namespace {

// Small, so that logs of groups get snapshots and are trimmed.
constexpr group::GroupLog::Options kGroupOptions = {.snapshot_interval_bytes = 256};

constexpr size_t kAll = 1'000;

}  // namespace

Server::Server(uint64_t seed, std::unique_ptr<io::SimulatedFileSystem> disk, absl::Duration elapsed)
    : simulation_(seed, std::move(disk)) {
  clock().Advance(elapsed);
  options().shard_count = 1 + seed % 3;
  options().retention_interval = absl::Seconds(2);
  options().compaction_interval = absl::Hours(1);
}

Server::~Server() { GoOnWith(nullptr); }

absl::Status Server::Start() {
  if (absl::Status started = simulation_.Start(); !started.ok()) return started;
  groups_ = std::make_unique<server::GroupHost>(broker(), kGroupOptions);
  (void)Wait<bool>([this](auto done) { groups_->Load([done]() mutable { done(true); }); });
  groups_->Start();
  return CheckFindings();
}

absl::Status Server::CheckFindings() {
  for (const auto& entry : broker().recovery().findings) {
    const log::Finding::Kind kind = entry.finding.kind;
    if (kind == log::Finding::Kind::kTailCut || kind == log::Finding::Kind::kLeftoverRemoved) {
      continue;
    }
    return absl::DataLossError(fmt::format("recovery found in {}, byte {}: {}", entry.finding.file,
                                           entry.finding.position.bytes, entry.finding.detail));
  }
  return absl::OkStatus();
}

absl::Status Server::Stop() {
  (void)Wait<bool>([this](auto done) { groups_->Close([done]() mutable { done(true); }); });
  absl::Status stopped = broker().Stop();
  groups_.reset();
  GoOnWith(disk().Kill());
  return stopped;
}

void Server::GoOnWith(std::unique_ptr<io::SimulatedFileSystem> disk) {
  simulation_.disk().WatchChanges(nullptr);
  // Groups outlive the shards' threads, and not their loops.
  if (groups_ != nullptr) (void)broker().Stop();
  groups_.reset();
  simulation_.GoOnWith(std::move(disk));
}

// --- Reading ---

absl::StatusOr<Found> Server::Read() {
  Found found;
  for (const broker::TopicHandle& topic : broker().ListTopics("", "", kAll)) {
    absl::StatusOr<FoundTopic> read = ReadTopic(topic);
    if (!read.ok()) {
      return absl::Status(read.status().code(),
                          fmt::format("topic {}: {}", topic->name, read.status().ToString()));
    }
    found.topics.emplace(topic->name, *std::move(read));
  }
  if (absl::Status read = ReadGroups(found); !read.ok()) return read;
  return found;
}

absl::StatusOr<FoundTopic> Server::ReadTopic(const broker::TopicHandle& topic) {
  FoundTopic found{.topic = *topic, .partitions = {}};
  const auto statuses = Wait<std::vector<broker::PartitionStatus>>(
      [&](auto done) { broker().DescribePartitions(topic, {}, done); });
  if (!statuses.ok()) return statuses.status();
  for (const broker::PartitionStatus& status : *statuses) {
    if (status.state != log::LogState::kOnline) return absl::DataLossError(status.state_detail);
    absl::StatusOr<FoundPartition> read = ReadPartition(topic, status);
    if (!read.ok()) return read.status();
    found.partitions.push_back(*std::move(read));
  }
  return found;
}

absl::StatusOr<FoundPartition> Server::ReadPartition(const broker::TopicHandle& topic,
                                                     const broker::PartitionStatus& status) {
  FoundPartition found{.log_start = status.log_start.value,
                       .high_watermark = status.high_watermark.value,
                       .batches = {}};
  record::Offset from = status.log_start;
  while (from < status.high_watermark) {
    const auto fetched = Wait<broker::FetchResult>([&](auto done) {
      broker().Fetch({.topic = topic, .partition = status.partition, .from = from}, done);
    });
    if (!fetched.ok()) return fetched.status();
    for (const record::Batch& batch : fetched->batches) {
      found.batches.push_back({.base_offset = batch.header.base_offset.value,
                               .next_offset = batch.header.next_offset().value,
                               .records = batch.header.record_count,
                               .append_timestamp_ms = batch.header.append_timestamp_ms,
                               .payload = std::string(batch.payload)});
    }
    from = fetched->next_offset;
  }
  return found;
}

absl::Status Server::ReadGroups(Found& found) {
  const auto groups = Wait<std::vector<group::GroupSummary>>(
      [this](auto done) { groups_->List("", "", kAll, std::move(done)); });
  if (!groups.ok()) return groups.status();
  for (const group::GroupSummary& summary : *groups) {
    const auto described = Wait<group::GroupDescription>(
        [&](auto done) { groups_->Describe(summary.name, std::move(done)); });
    if (!described.ok()) return described.status();
    std::vector<int64_t>& offsets = found.groups[summary.name];
    for (const auto& [id, partition] : described->group.partitions) {
      offsets.push_back(partition.committed.value_or(-1));
    }
  }
  return absl::OkStatus();
}

}  // namespace leat::crash
