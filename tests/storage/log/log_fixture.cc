#include "tests/storage/log/log_fixture.h"

#include <utility>

#include "gtest/gtest.h"
#include "storage/log/recovery.h"
#include "storage/log/segment_file.h"
#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

constexpr char kDirectory[] = "/data/topics/t/0";
constexpr PartitionKey kKey{.topic_id = {7}, .partition = 3};

std::vector<std::string> ValuesOf(const ReadResult& result) {
  std::vector<std::string> values;
  for (const record::Batch& batch : result.batches) {
    const absl::Status parsed = record::ForEachRecord(
        std::string(batch.payload), [&values](const record::RecordView& record, uint32_t) {
          values.emplace_back(*record.value);
          return true;
        });
    EXPECT_TRUE(parsed.ok()) << parsed;
  }
  return values;
}

}  // namespace

LogOptions SmallSegments() { return {.segment_bytes = 15 * 4096}; }

LogFixture::LogFixture(const LogOptions& options, uint64_t seed, const io::SimulatedOptions& disk)
    : random_(seed), options_(options), disk_(std::make_unique<io::SimulatedFileSystem>(disk)) {
  for (const char* path : {"/data", "/data/topics"}) {
    EXPECT_TRUE(disk_->CreateDirectory(path).ok());
    EXPECT_TRUE(disk_->SyncDirectory(io::ParentDirectory(path)).ok());
  }
  Open();
}

LogFixture::~LogFixture() { Die(); }

RecoveryInput LogFixture::Place() const {
  return {.directory = kDirectory,
          .quarantine_directory = "/data/quarantine",
          .key = kKey,
          .log_start = log_start_,
          .checkpoint = checkpoint_,
          .clean_shutdown = clean_,
          .message_ids =
              options_.deduplication_time > absl::ZeroDuration() ? options_.deduplication_ids : 0};
}

void LogFixture::Open() {
  loop_ = std::make_unique<io::SimulatedEventLoop>(clock_, random_());
  gate_ = std::make_unique<FlushGate>(64);
  const RecoveryInput place = Place();
  absl::StatusOr<RecoveredLog> recovered = RecoverLog(*disk_, place);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  recovered_ = {.log_start = recovered->log_start,
                .next_offset = recovered->next_offset,
                .corrupt = recovered->corrupt,
                .findings = recovered->findings};
  clean_ = false;
  resolve_producers(recovered->producers.table);
  log_ = Log::Create({.files = disk_.get(),
                      .loop = loop_.get(),
                      .flush_gate = gate_.get(),
                      .read_ahead_budget = &read_ahead_budget_,
                      .random = [this] { return random_(); }},
                     place, *std::move(recovered), options_);
}

void LogFixture::Die() {
  log_.reset();
  loop_.reset();
  gate_.reset();
}

size_t LogFixture::Append(std::string_view value, uint32_t records) {
  const size_t number = sent_.size();
  sent_.push_back({.value = std::string(value), .records = records, .answer = {}});
  log_->Append(MakeBatch(-1, records, value, clock_.WallMillis()),
               [this, number](absl::StatusOr<AppendResult> result) {
                 EXPECT_FALSE(sent_[number].answer.has_value());
                 sent_[number].answer = std::move(result);
                 answered_.push_back(number);
               });
  return number;
}

absl::StatusOr<AppendResult> LogFixture::AppendNow(std::string_view value, uint32_t records) {
  const size_t number = Append(value, records);
  Run();
  return sent_[number].answer.value_or(absl::UnknownError("no answer"));
}

std::vector<std::string> LogFixture::Acked() const {
  std::vector<std::string> values;
  for (const size_t number : answered_) {
    if (Answer(number).ok()) values.push_back(sent_[number].value);
  }
  return values;
}

absl::StatusOr<ReadResult> LogFixture::ReadBatches(int64_t from, size_t max_bytes) {
  std::optional<absl::StatusOr<ReadResult>> answer;
  log_->Read({from}, max_bytes,
             [&answer](absl::StatusOr<ReadResult> result) { answer = std::move(result); });
  EXPECT_FALSE(answer.has_value()) << "answered inside the call";
  Run();
  return answer.value_or(absl::UnknownError("no answer"));
}

absl::StatusOr<std::vector<std::string>> LogFixture::Read(int64_t from, size_t max_bytes) {
  absl::StatusOr<ReadResult> result = ReadBatches(from, max_bytes);
  if (!result.ok()) return result.status();
  return ValuesOf(*result);
}

absl::StatusOr<std::vector<std::string>> LogFixture::ReadAll(size_t max_bytes) {
  std::vector<std::string> all;
  record::Offset next = log_->log_start();
  while (next < log_->high_watermark()) {
    const absl::StatusOr<ReadResult> result = ReadBatches(next.value, max_bytes);
    if (!result.ok()) return result.status();
    if (result->batches.empty()) return absl::InternalError("an empty read before the end");
    for (const record::Batch& batch : result->batches) {
      // Only the first one may begin before the offset asked for.
      const bool first = next == log_->log_start();
      EXPECT_TRUE(batch.header.base_offset == next || (first && batch.header.base_offset < next));
      next = batch.header.next_offset();
      all.push_back(ValuesOf({.batches = {batch}, .next_offset = next}).at(0));
    }
    EXPECT_EQ(result->next_offset, next);
  }
  EXPECT_EQ(next, log_->high_watermark());
  return all;
}

absl::StatusOr<int64_t> LogFixture::FindTimestamp(int64_t timestamp_ms) {
  std::optional<absl::StatusOr<record::Offset>> answer;
  log_->FindTimestamp(timestamp_ms, [&answer](absl::StatusOr<record::Offset> result) {
    answer = std::move(result);
  });
  Run();
  if (!answer.has_value()) return absl::UnknownError("no answer");
  if (!answer->ok()) return answer->status();
  return (*answer)->value;
}

absl::Status LogFixture::Close() {
  std::optional<absl::Status> closed;
  log_->Close([&closed](absl::Status status) { closed = std::move(status); });
  Run();
  return closed.value_or(absl::UnknownError("no answer"));
}

absl::Status LogFixture::Restart() {
  const absl::Status closed = Close();
  checkpoint_ = log_->checkpoint();
  clean_ = closed.ok();
  Kill();
  return closed;
}

void LogFixture::Kill() {
  Die();
  disk_ = disk_->Kill();
  Open();
}

void LogFixture::CutPower(uint64_t seed) {
  std::unique_ptr<io::SimulatedFileSystem> after = disk_->Crash(seed);
  Die();
  disk_ = std::move(after);
  Open();
}

void LogFixture::TrimTo(int64_t log_start) {
  log_start_ = std::max(log_start_, std::min(record::Offset{log_start}, log_->high_watermark()));
  log_->TrimTo({log_start});
  EXPECT_EQ(log_->log_start(), log_start_);
}

std::vector<std::string> LogFixture::Files() {
  return disk_->List(kDirectory).value_or(std::vector<std::string>());
}

std::string LogFixture::FilePath(size_t n) { return io::JoinPath(kDirectory, Files().at(n)); }

}  // namespace leat::log
