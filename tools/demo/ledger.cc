#include "tools/demo/ledger.h"

#include <mutex>
#include <optional>
#include <utility>

#include "client/reader.h"
#include "fmt/format.h"
#include "storage/record/partitioner.h"

namespace leat::demo {
namespace {

// What the callbacks of one `SendMissing` share.
struct Answers {
  std::mutex mutex;
  absl::Status first_error;
  std::atomic<bool> failed = false;

  void Fail(const absl::Status& status) {
    const std::lock_guard lock(mutex);
    first_error.Update(status);
    failed = true;
  }
};

absl::Status Mismatch(const TopicLedger& ledger, uint32_t partition, int64_t offset,
                      std::string_view what) {
  return absl::DataLossError(
      fmt::format("topic {} partition {} offset {}: {}", ledger.topic, partition, offset, what));
}

absl::Status CheckRecord(const TopicLedger& ledger, uint32_t partition, int64_t expected_offset,
                         const client::ReadRecord& record) {
  const PartitionLedger& expected = *ledger.partitions[partition];
  if (record.offset != expected_offset) {
    return Mismatch(ledger, partition, record.offset,
                    fmt::format("expected offset {}", expected_offset));
  }
  if (record.offset >= static_cast<int64_t>(expected.events.size())) {
    return Mismatch(ledger, partition, record.offset, "more records than were sent");
  }
  const Event& event = *expected.events[static_cast<size_t>(record.offset)];
  if (record.key != event.key || record.value != event.line) {
    return Mismatch(ledger, partition, record.offset, "not the event that was sent");
  }
  return absl::OkStatus();
}

// Reads to the end; `next` has for each partition the offset that must come.
absl::Status ReadAndCompare(client::Reader& reader, const TopicLedger& ledger,
                            std::vector<int64_t>& next) {
  while (true) {
    const absl::StatusOr<std::optional<client::ReadEvent>> event = reader.Next();
    if (!event.ok()) return event.status();
    if (!event->has_value()) return absl::OkStatus();
    const client::ReadEvent& read = **event;
    if (read.kind == client::ReadEvent::Kind::kGap) {
      return Mismatch(ledger, read.partition, read.gap_from, "records are gone");
    }
    if (read.kind == client::ReadEvent::Kind::kDamage) return read.damage;
    if (read.kind != client::ReadEvent::Kind::kRecord) continue;
    int64_t& expected_offset = next[read.partition];
    if (absl::Status status = CheckRecord(ledger, read.partition, expected_offset, read.record);
        !status.ok()) {
      return status;
    }
    ++expected_offset;
  }
}

}  // namespace

TopicLedger::TopicLedger(const Source& source, uint32_t partition_count, int passes)
    : topic(source.topic) {
  for (uint32_t i = 0; i < partition_count; ++i)
    partitions.push_back(std::make_unique<PartitionLedger>());
  for (int pass = 0; pass < passes; ++pass) {
    for (const Event& event : source.events) {
      const uint32_t partition = record::PartitionForKey(event.key, partition_count);
      partitions[partition]->events.push_back(&event);
      sending_order.push_back(partition);
      bytes += event.line.size();
    }
  }
}

absl::Status SendMissing(client::Producer& producer, TopicLedger& ledger,
                         const std::function<void()>& on_acknowledged) {
  Answers answers;
  std::vector<int64_t> next(ledger.partitions.size(), 0);
  for (const uint32_t partition : ledger.sending_order) {
    PartitionLedger& expected = *ledger.partitions[partition];
    const int64_t offset = next[partition]++;
    if (offset < expected.found) continue;
    if (answers.failed) break;
    const Event& event = *expected.events[static_cast<size_t>(offset)];
    const auto on_result = [&answers, &expected, &on_acknowledged,
                            offset](const client::SendResult& result) {
      if (!result.status.ok()) return answers.Fail(result.status);
      if (result.offset != offset) {
        return answers.Fail(absl::DataLossError(
            fmt::format("acknowledged at offset {} instead of {}", result.offset, offset)));
      }
      expected.acknowledged = offset + 1;
      on_acknowledged();
    };
    const absl::Status taken = producer.Send(
        ledger.topic,
        {.key = event.key, .value = event.line, .headers = {}, .partition = partition}, on_result);
    if (!taken.ok()) {
      answers.Fail(taken);
      break;
    }
  }
  if (absl::Status status = producer.Flush(); !status.ok()) return status;
  return answers.first_error;
}

absl::Status CheckPrefix(const client::Client& client, TopicLedger& ledger) {
  client::Reader reader(
      client, {.topic = ledger.topic, .partitions = {}, .end = client::Position::Latest()});
  std::vector<int64_t> next(ledger.partitions.size(), 0);
  if (absl::Status status = ReadAndCompare(reader, ledger, next); !status.ok()) return status;
  for (uint32_t partition = 0; partition < next.size(); ++partition) {
    PartitionLedger& expected = *ledger.partitions[partition];
    if (next[partition] < expected.acknowledged) {
      return Mismatch(ledger, partition, next[partition], "acknowledged, but not in the log");
    }
    expected.found = next[partition];
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> CheckFrom(const client::Client& client, const TopicLedger& ledger,
                                  uint32_t partition, client::Position start,
                                  int64_t expected_first) {
  client::Reader reader(client, {.topic = ledger.topic,
                                 .partitions = {partition},
                                 .start = start,
                                 .end = client::Position::Latest()});
  std::vector<int64_t> next(ledger.partitions.size(), 0);
  next[partition] = expected_first;
  if (absl::Status status = ReadAndCompare(reader, ledger, next); !status.ok()) return status;
  const int64_t end = static_cast<int64_t>(ledger.partitions[partition]->events.size());
  if (next[partition] != end)
    return Mismatch(ledger, partition, next[partition], "the log ends here");
  return end - expected_first;
}

}  // namespace leat::demo
