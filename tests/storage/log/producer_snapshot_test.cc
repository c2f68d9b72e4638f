#include "storage/log/producer_snapshot.h"

#include <string>

#include "gtest/gtest.h"
#include "storage/io/simulated_file_system.h"

namespace leat::log {
namespace {

constexpr PartitionKey kKey{.topic_id = {1, 2, 3}, .partition = 4};

ProducerSnapshot Example() {
  ProducerSnapshot snapshot{
      .place = {.next_offset = {120}, .segment_base_offset = {100}, .position = {8'192}}};
  for (int i = 0; i < 12; ++i) {
    record::BatchHeader header;
    header.producer_id = 7 + i % 2;
    header.producer_epoch = 3;
    header.base_sequence = 10 + i;
    header.record_count = 1;
    header.base_offset = {90 + i};
    header.append_timestamp_ms = 1'700'000'000'000 + i;
    snapshot.table.Apply(header, 5);
  }
  snapshot.table.set_forgotten_grant(2);
  return snapshot;
}

std::string Encode(const ProducerSnapshot& snapshot) {
  return EncodeProducerSnapshot(kKey, snapshot.place, snapshot.table, snapshot.ids);
}

TEST(ProducerSnapshotTest, ReadsWhatItWrites) {
  const ProducerSnapshot written = Example();
  const auto read = DecodeProducerSnapshot(kKey, Encode(written));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->place, written.place);
  EXPECT_EQ(read->table.entries(), written.table.entries());
  EXPECT_EQ(read->table.forgotten_grant(), 2u);
}

TEST(ProducerSnapshotTest, EveryBitFlippedAndEveryCutIsDamage) {
  const std::string sound = Encode(Example());
  for (size_t bit = 0; bit < sound.size() * 8; ++bit) {
    std::string damaged = sound;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(DecodeProducerSnapshot(kKey, damaged).ok()) << "bit " << bit;
  }
  for (size_t bytes = 0; bytes < sound.size(); ++bytes) {
    EXPECT_FALSE(DecodeProducerSnapshot(kKey, sound.substr(0, bytes)).ok()) << bytes;
  }
}

TEST(ProducerSnapshotTest, ThatOfAnotherPartitionIsRefused) {
  const std::string bytes = Encode(Example());
  const PartitionKey other{.topic_id = kKey.topic_id, .partition = 5};
  EXPECT_TRUE(absl::IsDataLoss(DecodeProducerSnapshot(other, bytes).status()));
}

TEST(ProducerSnapshotTest, LiesInTheDirectoryOfItsLog) {
  io::SimulatedFileSystem disk;
  ASSERT_TRUE(disk.CreateDirectory("/log").ok());
  EXPECT_TRUE(absl::IsNotFound(ReadProducerSnapshot(disk, "/log", kKey).status()));
  ASSERT_TRUE(WriteProducerSnapshot(disk, "/log", Encode(Example())).ok());
  EXPECT_TRUE(ReadProducerSnapshot(disk, "/log", kKey).ok());
}

}  // namespace
}  // namespace leat::log
