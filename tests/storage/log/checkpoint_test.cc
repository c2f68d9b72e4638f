#include "storage/log/checkpoint.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "storage/io/simulated_file_system.h"
#include "storage/record/batch.h"
#include "storage/record/little_endian.h"

namespace leat::log {
namespace {

Checkpoint SomeCheckpoint() {
  Checkpoint checkpoint{.clean_shutdown = true};
  for (uint8_t topic = 0; topic < 3; ++topic) {
    for (uint32_t partition : {0u, 1u, 1000u}) {
      const int64_t n = 100 * topic + partition;
      checkpoint.partitions[{.topic_id = {topic}, .partition = partition}] = {
          .segment_base_offset = {n},
          .durable_end = {n + 1},
          .position = {4096 * (n + 3ull)},
          .last_frame_crc = partition,
          .incarnation = ~uint64_t{topic},
          .last_frame_position = {4096 * (n + 2ull)},
          .max_timestamp_ms = -n,
          .payload_bytes = n * 7ull,
          .first_append_timestamp_ms = n + 8,
          .last_append_timestamp_ms = n + 9};
    }
  }
  return checkpoint;
}

TEST(CheckpointTest, ComesBack) {
  const absl::StatusOr<Checkpoint> decoded = DecodeCheckpoint(EncodeCheckpoint(SomeCheckpoint()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(decoded->clean_shutdown);
  EXPECT_EQ(decoded->partitions, SomeCheckpoint().partitions);
}

TEST(CheckpointTest, EveryBitCounts) {
  const std::string bytes = EncodeCheckpoint(SomeCheckpoint());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(DecodeCheckpoint(flipped).status())) << "bit " << bit;
  }
}

TEST(CheckpointTest, EveryCutIsFound) {
  const std::string bytes = EncodeCheckpoint(SomeCheckpoint());
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_TRUE(absl::IsDataLoss(DecodeCheckpoint(bytes.substr(0, length)).status())) << length;
  }
}

// Sets the checksum right after `bytes` was changed.
void Reseal(std::string& bytes) {
  record::StoreLittleEndian(record::Crc32c(std::string_view(bytes).substr(12)), bytes.data() + 8);
}

TEST(CheckpointTest, TellsANewerVersionFromDamage) {
  std::string bytes = EncodeCheckpoint({});
  record::StoreLittleEndian<uint16_t>(2, bytes.data() + 14);
  Reseal(bytes);
  EXPECT_TRUE(absl::IsUnimplemented(DecodeCheckpoint(bytes).status()));
}

TEST(CheckpointTest, RefusesEntriesOutOfOrder) {
  std::string bytes = EncodeCheckpoint(SomeCheckpoint());
  bytes[32] = 2;  // The first entry's topic id.
  Reseal(bytes);
  EXPECT_TRUE(absl::IsDataLoss(DecodeCheckpoint(bytes).status()));
}

TEST(CheckpointTest, WithoutAFileIsEmpty) {
  io::SimulatedFileSystem disk;
  const absl::StatusOr<Checkpoint> read = ReadCheckpoint(disk, "/checkpoint");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->clean_shutdown);
  EXPECT_TRUE(read->partitions.empty());
}

TEST(CheckpointTest, DamageNamesTheFile) {
  io::SimulatedFileSystem disk;
  ASSERT_TRUE(WriteCheckpoint(disk, "/checkpoint", SomeCheckpoint()).ok());
  ASSERT_TRUE(disk.Corrupt("/checkpoint", {100}, 1).ok());
  const absl::Status status = ReadCheckpoint(disk, "/checkpoint").status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_NE(status.ToString().find("/checkpoint"), std::string::npos) << status;
}

TEST(CheckpointTest, IsTheOldOneOrTheNewOneAfterACrash) {
  const Checkpoint after = SomeCheckpoint();
  for (uint64_t nth = 1;; ++nth) {
    io::SimulatedFileSystem disk;
    ASSERT_TRUE(WriteCheckpoint(disk, "/checkpoint", {}).ok());
    disk.FailNth(nth, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
    const bool written = WriteCheckpoint(disk, "/checkpoint", after).ok();
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const absl::StatusOr<Checkpoint> read = ReadCheckpoint(*disk.Crash(seed), "/checkpoint");
      ASSERT_TRUE(read.ok()) << read.status();
      if (written || !read->partitions.empty()) {
        EXPECT_EQ(read->partitions, after.partitions);
      }
    }
    if (written) break;
  }
}

}  // namespace
}  // namespace leat::log
