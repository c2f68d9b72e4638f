// Recovery of a segment of any bytes: what recovery_check.h says, with checksums as they come and
// with checksums put right.

#include <string>

#include "storage/io/aligned_buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/recovery_check.h"
#include "tests/fuzz/repair.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/test_log.h"

namespace leat::fuzz {
namespace {

constexpr uint64_t kSegmentId = 0x5e6d1a0c9b8f7e42;
constexpr int64_t kBaseOffset = 100;

void CheckSegment(const std::string& bytes) {
  io::SimulatedFileSystem disk;
  for (const char* directory : {"/topics", "/topics/t", "/topics/t/0"}) {
    LEAT_CHECK(disk.CreateDirectory(directory).ok());
  }
  LEAT_CHECK(io::ReplaceFile(disk, log::SegmentPath(kBaseOffset), bytes).ok());
  CheckRecovery(disk, {.directory = log::kLogDirectory,
                       .quarantine_directory = log::kQuarantineDirectory,
                       .key = log::LogKey(),
                       .log_start = {kBaseOffset}});
}

std::string HeaderBlock() {
  return log::SegmentHeaderBlock({.topic_id = log::LogKey().topic_id,
                                  .partition = log::LogKey().partition,
                                  .segment_id = kSegmentId,
                                  .base_offset = {kBaseOffset}});
}

// Blocks, each as its first bytes: a length and so many bytes; zeros follow.
std::string Blocks(FuzzInput& input) {
  constexpr size_t kMaxBytes = 64 << 10;
  std::string blocks;
  while (!input.done() && blocks.size() < kMaxBytes) {
    blocks += input.TakeBytes(input.Take<uint16_t>() % (io::kBlockBytes + 1));
    blocks.resize(io::RoundUpToBlock(std::max<size_t>(blocks.size(), 1)), '\0');
  }
  return blocks;
}

}  // namespace
}  // namespace leat::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::fuzz;  // NOLINT: the only thing spoken of here
  FuzzInput input(data, size);
  const auto form = input.Take<uint8_t>();
  std::string bytes = (form & 1) != 0 ? Blocks(input) : HeaderBlock() + Blocks(input);
  // Part of a block may end the file.
  if ((form & 2) != 0) bytes.resize(bytes.size() - std::min<size_t>(bytes.size(), 100));
  CheckSegment(bytes);
  RepairSegment(bytes);
  CheckSegment(bytes);
  return 0;
}
