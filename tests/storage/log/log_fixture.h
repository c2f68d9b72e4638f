// One log on a simulated disk, and the verbs in which its tests are told.

#ifndef LEAT_TESTS_STORAGE_LOG_LOG_FIXTURE_H_
#define LEAT_TESTS_STORAGE_LOG_LOG_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/flush_gate.h"
#include "storage/log/log.h"

namespace leat::log {

class LogFixture {
 public:
  // An append that was sent. Each of its records has `value`.
  struct Sent {
    std::string value;
    uint32_t records = 1;
    std::optional<absl::StatusOr<AppendResult>> answer;
  };

  explicit LogFixture(const LogOptions& options = {}, uint64_t seed = 1,
                      const io::SimulatedOptions& disk = {});
  ~LogFixture();

  // Sends; nothing happens before `Run`, or a step of the loop. Gives the number of the append.
  size_t Append(std::string_view value, uint32_t records = 1);
  // Appends and waits.
  absl::StatusOr<AppendResult> AppendNow(std::string_view value, uint32_t records = 1);
  // Until nothing is due; no time passes.
  void Run() { loop_->RunUntilIdle(); }
  void Wait(absl::Duration duration) { loop_->Advance(duration); }

  // Values of acknowledged appends, in the order of their answers.
  std::vector<std::string> Acked() const;
  // The answer of an append, which must be there.
  absl::Status Answer(size_t append) const { return sent_[append].answer->status(); }

  // Values of the records of one read, from the first one of the first batch.
  absl::StatusOr<std::vector<std::string>> Read(int64_t from, size_t max_bytes = 1 << 20);
  absl::StatusOr<ReadResult> ReadBatches(int64_t from, size_t max_bytes = 1 << 20);
  // Values of all batches from the one with the log start to the high watermark, by many reads.
  // Checks that offsets are dense.
  absl::StatusOr<std::vector<std::string>> ReadAll(size_t max_bytes = 1 << 20);
  absl::StatusOr<int64_t> FindTimestamp(int64_t timestamp_ms);

  // Closes the log, keeps its checkpoint with the clean mark if it closed well, and opens it again.
  absl::Status Restart();
  absl::Status Close();
  // The process dies, or the power goes, and the log is opened again.
  void Kill();
  void CutPower(uint64_t seed);
  // As a broker does from time to time.
  void SaveCheckpoint() { checkpoint_ = log_->checkpoint(); }
  // Fills in, at each opening, what the log of the topics says of producers.
  std::function<void(ProducerTable&)> resolve_producers = [](ProducerTable&) {};
  // As a broker does: makes the new start durable first.
  void TrimTo(int64_t log_start);

  Log& log() { return *log_; }
  io::SimulatedFileSystem& disk() { return *disk_; }
  io::SimulatedEventLoop& loop() { return *loop_; }
  io::SimulatedClock& clock() { return clock_; }
  FlushGate& gate() { return *gate_; }
  ReadAheadBudget& read_ahead_budget() { return read_ahead_budget_; }
  const std::vector<Sent>& sent() const { return sent_; }
  const RecoveredLog& recovered() const { return recovered_; }
  int64_t log_start() const { return log_start_.value; }
  LogOptions& options() { return options_; }
  // What the next opening would be told.
  RecoveryInput Place() const;
  // Names of segment files.
  std::vector<std::string> Files();
  // Path of the n-th segment file.
  std::string FilePath(size_t n);

 private:
  void Open();
  void Die();

  io::SimulatedClock clock_;
  std::mt19937_64 random_;
  LogOptions options_;
  std::unique_ptr<io::SimulatedFileSystem> disk_;
  std::unique_ptr<io::SimulatedEventLoop> loop_;
  std::unique_ptr<FlushGate> gate_;
  ReadAheadBudget read_ahead_budget_{64 << 20};
  std::unique_ptr<Log> log_;
  RecoveredLog recovered_;  // Without its segments.

  // What a broker keeps.
  record::Offset log_start_;
  std::optional<CheckpointEntry> checkpoint_;
  bool clean_ = false;

  std::vector<Sent> sent_;
  std::vector<size_t> answered_;
};

// Frames of one small batch take a block each, so that a segment holds 14 of them.
LogOptions SmallSegments();

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_LOG_FIXTURE_H_
