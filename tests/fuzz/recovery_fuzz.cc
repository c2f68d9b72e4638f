// Recovery of what a script of sound frames, lies and damage left: what recovery_check.h says, no
// sound frame of the chain is missing, and nothing is found that was not written.
//
// Input: a byte of `Start` bits, the log start counted from the base offset, then steps, each an
// operation and its arguments.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/io/aligned_buffer.h"
#include "storage/log/footer.h"
#include "storage/log/frame.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/recovery_check.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/test_log.h"

namespace leat::fuzz {
namespace {

constexpr uint64_t kSegmentId = 0x5e6d1a0c9b8f7e42;
constexpr int64_t kBaseOffset = 100;
constexpr size_t kMaxSegmentBytes = 64 << 10;

enum Start : uint8_t { kWithCheckpoint = 1, kStoppedInOrder = 2, kSealedBefore = 4 };

enum class Step : uint8_t { kFrame, kZeros, kGarbage, kFooter, kFlip, kCut, kCheckpoint, kSteps };

// How a frame, or a footer, is not what it should be.
enum Lie : uint8_t {
  kOtherSegment = 1,
  kOtherChain = 2,
  kOtherOffset = 4,
  kAllStable = 8,  // No lie: the frames before it are acknowledged.
  kDamagedPayload = 16,
  kOtherIncarnation = 32,  // No lie either.
  kNeverArrived = 64,
};
constexpr uint8_t kUnsound =
    kOtherSegment | kOtherChain | kOtherOffset | kDamagedPayload | kNeverArrived;

// A segment as it is written, and what a reader may expect of it.
class Script {
 public:
  Script() {
    header_ = {.topic_id = log::LogKey().topic_id,
               .partition = log::LogKey().partition,
               .segment_id = kSegmentId,
               .base_offset = {kBaseOffset}};
    bytes_ = log::SegmentHeaderBlock(header_);
    last_crc_ = log::SegmentHeaderCrc(header_);
    checkpoint_.segment_base_offset = next_;
    TakeCheckpoint();
  }

  void Run(FuzzInput& input) {
    while (!input.done() && bytes_.size() < kMaxSegmentBytes) Do(input);
  }

  const std::string& bytes() const { return bytes_; }
  const log::CheckpointEntry& checkpoint() const { return checkpoint_; }
  // After the frames that must be found.
  record::Offset sound_end() const { return sound_end_; }
  // Payloads that were written, and where.
  bool Wrote(int64_t offset, const std::string& payload) const {
    const auto [first, last] = written_.equal_range(offset);
    return std::any_of(first, last, [&](const auto& batch) { return batch.second == payload; });
  }

 private:
  void Do(FuzzInput& input) {
    switch (static_cast<Step>(input.Take<uint8_t>() % static_cast<int>(Step::kSteps))) {
      case Step::kFrame:
        return AddFrame(input);
      case Step::kZeros:
        return AddBlocks(std::string((1 + input.Take<uint8_t>() % 4) * io::kBlockBytes, '\0'));
      case Step::kGarbage:
        return AddBlocks(std::string(input.TakeBytes(input.Take<uint8_t>())));
      case Step::kFooter:
        return AddFooter(input.Take<uint8_t>());
      case Step::kFlip:
        return Flip(input);
      case Step::kCut:
        return Cut(input.Take<uint16_t>());
      case Step::kCheckpoint:
        return TakeCheckpoint();
      case Step::kSteps:
        break;
    }
  }

  void AddFrame(FuzzInput& input) {
    const uint8_t batch_count = input.Take<uint8_t>() % 4;
    const auto lies = input.Take<uint8_t>();
    const record::Offset first = next_ + ((lies & kOtherOffset) != 0 ? 3 : 0);
    std::vector<record::Batch> batches;
    record::Offset end = first;
    for (uint8_t i = 0; i < batch_count; ++i) {
      batches.push_back(log::MakeBatch(end.value, 1 + input.Take<uint8_t>() % 3,
                                       std::string(input.Take<uint8_t>(), 'v'), 1));
      end = batches.back().header.next_offset();
    }
    const log::BuiltFrame frame =
        log::BuildFrame({.segment_id = kSegmentId + ((lies & kOtherSegment) != 0 ? 1 : 0),
                         .incarnation = (lies & kOtherIncarnation) != 0 ? 2u : 1u,
                         .previous_crc = last_crc_ + ((lies & kOtherChain) != 0 ? 1 : 0),
                         .first_offset = first,
                         .stable_offset = (lies & kAllStable) != 0 ? first : stable_},
                        batches);
    std::string bytes(log::BytesOf(frame));
    if ((lies & kDamagedPayload) != 0) bytes[log::FrameHeader::kEncodedBytes + 130] ^= 1;
    for (const record::Batch& batch : frame.batches) {
      written_.emplace(batch.header.base_offset.value, std::string(batch.payload));
    }
    if ((lies & kAllStable) != 0) stable_ = first;
    if ((lies & kNeverArrived) != 0) bytes.assign(bytes.size(), '\0');
    const bool sound = unbroken_ && (lies & kUnsound) == 0;
    last_frame_at_ = bytes_.size();
    AddBlocks(bytes);
    unbroken_ = sound;
    next_ = end;
    last_crc_ = frame.header.crc;
    if (sound) {
      sound_end_ = end;
      sound_bytes_ = bytes_.size();
    }
  }

  void AddFooter(uint8_t lies) {
    log::SegmentFooter footer{.next_offset = next_ + ((lies & kOtherOffset) != 0 ? 1 : 0),
                              .frames_end = {bytes_.size()},
                              .last_frame_crc = last_crc_ + ((lies & kOtherChain) != 0 ? 1 : 0)};
    footer.index = log::SegmentIndex({}, INT64_MIN);
    // Sealed here, the segment ends here: what such a footer says is believed.
    if (!unbroken_ || lies != 0) sound_end_ = std::min(sound_end_, record::Offset{kBaseOffset});
    AddBlocks(log::EncodeFooter(kSegmentId + ((lies & kOtherSegment) != 0 ? 1 : 0), footer));
  }

  // A frame after anything but a frame is behind a hole.
  void AddBlocks(std::string bytes) {
    bytes.resize(io::RoundUpToBlock(std::max<size_t>(bytes.size(), 1)), '\0');
    bytes_.resize(io::RoundUpToBlock(bytes_.size()), '\0');
    bytes_ += bytes;
    unbroken_ = false;
  }

  void Flip(FuzzInput& input) {
    const size_t at = input.Take<uint32_t>() % bytes_.size();
    const auto mask = input.Take<uint8_t>();
    if (mask == 0) return;
    bytes_[at] = static_cast<char>(bytes_[at] ^ mask);
    Break(at);
  }

  void Cut(size_t bytes) {
    bytes_.resize(bytes_.size() - std::min(bytes, bytes_.size() - 1));
    Break(bytes_.size());
  }

  // Frames up to `at` may be damaged from here on.
  void Break(size_t at) {
    unbroken_ = false;
    if (at < sound_bytes_) sound_end_ = {kBaseOffset};
  }

  // What was durable, as if all were.
  void TakeCheckpoint() {
    checkpoint_.durable_end = next_;
    checkpoint_.position = {bytes_.size()};
    checkpoint_.last_frame_crc = last_crc_;
    checkpoint_.last_frame_position = {last_frame_at_};
  }

  log::SegmentHeader header_;
  std::string bytes_;
  record::Offset next_{kBaseOffset};
  record::Offset stable_{kBaseOffset};
  uint32_t last_crc_ = 0;
  size_t last_frame_at_ = 0;
  log::CheckpointEntry checkpoint_;
  std::multimap<int64_t, std::string> written_;

  bool unbroken_ = true;  // All so far is a chain of sound frames.
  record::Offset sound_end_{kBaseOffset};
  size_t sound_bytes_ = io::kBlockBytes;
};

// The segment of offsets 0 to `kBaseOffset`, sealed, without frames.
std::string SealedBefore() {
  log::SegmentHeader header{.topic_id = log::LogKey().topic_id,
                            .partition = log::LogKey().partition,
                            .segment_id = kSegmentId - 1};
  log::SegmentFooter footer{.next_offset = {kBaseOffset},
                            .frames_end = {io::kBlockBytes},
                            .last_frame_crc = log::SegmentHeaderCrc(header)};
  return log::SegmentHeaderBlock(header) + log::EncodeFooter(header.segment_id, footer);
}

void CheckFound(io::SimulatedFileSystem& disk, const log::RecoveredLog& log, const Script& script) {
  if (log.corrupt.has_value()) return;
  LEAT_CHECK(log.next_offset >= script.sound_end());
  // Frames that a checkpoint vouches for are not read again.
  if (!log.active.has_value() || log.bytes_checked == 0) return;
  const absl::StatusOr<std::map<int64_t, std::string>> found = log::ReadAll(disk, log);
  if (!found.ok()) return;
  for (const auto& [offset, payload] : *found) {
    if (offset < log.next_offset.value) LEAT_CHECK(script.Wrote(offset, payload));
  }
}

}  // namespace
}  // namespace leat::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat;  // NOLINT: the only thing spoken of here
  fuzz::FuzzInput input(data, size);
  const auto start = input.Take<uint8_t>();
  const int64_t log_start = fuzz::kBaseOffset + input.Take<uint8_t>() % 8;
  fuzz::Script script;
  script.Run(input);

  io::SimulatedFileSystem disk;
  for (const char* directory : {"/topics", "/topics/t", "/topics/t/0"}) {
    LEAT_CHECK(disk.CreateDirectory(directory).ok());
  }
  LEAT_CHECK(io::ReplaceFile(disk, log::SegmentPath(fuzz::kBaseOffset), script.bytes()).ok());
  if ((start & fuzz::kSealedBefore) != 0) {
    LEAT_CHECK(io::ReplaceFile(disk, log::SegmentPath(0), fuzz::SealedBefore()).ok());
  }
  log::RecoveryInput recovery{.directory = log::kLogDirectory,
                              .quarantine_directory = log::kQuarantineDirectory,
                              .key = log::LogKey(),
                              .log_start = {log_start},
                              .clean_shutdown = (start & fuzz::kStoppedInOrder) != 0};
  if ((start & fuzz::kWithCheckpoint) != 0) recovery.checkpoint = script.checkpoint();
  CheckFound(disk, fuzz::CheckRecovery(disk, recovery), script);
  return 0;
}
