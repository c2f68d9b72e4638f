// A log on a simulated disk, written step by step as the live one writes it, so that tests can stop
// anywhere, cut the power, damage what is there, and ask recovery what it finds.
//
// Remembers what was sent and what was acknowledged; `Verify` holds a recovered log against that.

#ifndef LEAT_TESTS_STORAGE_LOG_TEST_LOG_H_
#define LEAT_TESTS_STORAGE_LOG_TEST_LOG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/frame.h"
#include "storage/log/recovery.h"
#include "storage/log/segment_file.h"

namespace leat::log {

inline constexpr char kLogDirectory[] = "/topics/t/0";
inline constexpr char kQuarantineDirectory[] = "/quarantine";
inline constexpr char kCheckpointPath[] = "/checkpoint";

inline PartitionKey LogKey() { return {.topic_id = {1, 2, 3}, .partition = 5}; }

// Where the segment of `base_offset` lies.
std::string SegmentPath(int64_t base_offset);

// An empty disk with the directories that a server makes first.
void MakeDirectories(io::SimulatedFileSystem& disk);

// What was sent and acknowledged, over all crashes.
struct History {
  std::map<int64_t, std::set<std::string>> sent;  // Payloads by base offset: more after a cut.
  std::map<int64_t, std::string> acknowledged;    // By base offset.
  int64_t acknowledged_end = 0;
};

// What recovery is told, the checkpoint on disk included.
absl::StatusOr<RecoveryInput> ReadRecoveryInput(io::FileSystem& disk);
absl::StatusOr<RecoveredLog> Recover(io::FileSystem& disk);

// Recovers; then takes what is there for acknowledged, as readers will see it. Not OK when the log
// is corrupt, lacks what was acknowledged, has what was not sent, or has holes.
absl::Status RecoverAndVerify(io::FileSystem& disk, History& history);

// All batches of a log: payload by base offset. Every frame is checked.
absl::StatusOr<std::map<int64_t, std::string>> ReadAll(io::FileSystem& disk,
                                                       const RecoveredLog& log);

// Every file's path and content, for comparing.
std::map<std::string, std::string> Snapshot(io::FileSystem& disk);

class TestLog {
 public:
  // `disk` and `history` must outlive it. `seed` gives incarnation, segment ids and the order in
  // which writes complete.
  TestLog(io::SimulatedFileSystem& disk, History& history, uint64_t seed);

  // Each stops at the first error, as a log does that goes offline.
  absl::Status Open();
  absl::Status CreateSegment();
  // One frame for each element, of a batch with a value of so many bytes; all in flight at once.
  absl::Status Append(const std::vector<size_t>& value_bytes);
  absl::Status WriteControlFrame() { return WriteFrames({BuildNext({})}); }
  absl::Status Seal();
  absl::Status SaveCheckpoint() { return WriteCheckpointFile(false); }
  // Cuts prepared blocks and leaves the mark of an orderly stop.
  absl::Status Close();

  // For stopping in the middle: begins to write and leaves it in flight.
  void BeginAppend(const std::vector<size_t>& value_bytes);
  // The next frame, chained to the last one built.
  BuiltFrame BuildNext(const std::vector<record::Batch>& batches);
  record::Batch NextBatch(size_t value_bytes);
  // Writes and flushes a frame where the last one ended; its records count as acknowledged.
  absl::Status WriteFrames(const std::vector<BuiltFrame>& frames);

  bool active() const { return segment_.has_value(); }
  ActiveSegment& segment() { return *segment_; }

 private:
  void Submit(const BuiltFrame& frame);
  void Acknowledge(const BuiltFrame& frame);
  absl::Status PrepareRoomFor(const std::vector<BuiltFrame>& frames);
  absl::Status WriteCheckpointFile(bool clean_shutdown);
  CheckpointEntry Entry() const;

  io::SimulatedFileSystem& disk_;
  History& history_;
  io::SimulatedClock clock_;
  io::SimulatedEventLoop loop_;
  io::SimulatedRandom random_;
  const uint64_t incarnation_;

  std::optional<ActiveSegment> segment_;  // What is durable of it.
  std::optional<CheckpointEntry> sealed_entry_;
  record::Offset next_offset_;  // Built so far, as the three below.
  io::FilePosition built_end_;
  uint32_t last_crc_ = 0;
  std::vector<BuiltFrame> in_flight_;  // Kept alive.
  absl::Status write_status_;
};

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_TEST_LOG_H_
