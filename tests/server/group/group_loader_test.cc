#include "server/group/group_loader.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leat::group {
namespace {

using testing::ElementsAre;

internal::GroupRecord Created(const std::string& name) {
  internal::GroupRecord record;
  record.set_group(name);
  record.mutable_group_created()->set_time_ms(1);
  return record;
}

internal::GroupRecord Part(uint32_t index, bool last, const std::string& name) {
  internal::GroupRecord record;
  internal::GroupSnapshotPart* part = record.mutable_snapshot_part();
  part->set_index(index);
  part->set_last(last);
  part->add_groups()->set_name(name);
  part->mutable_groups(0)->set_create_time_ms(1);
  return record;
}

std::string Batch(uint64_t generation, uint64_t sequence,
                  const std::vector<internal::GroupRecord>& records) {
  internal::GroupBatch batch;
  batch.set_generation(generation);
  batch.set_sequence(sequence);
  for (const internal::GroupRecord& record : records) *batch.add_records() = record;
  return batch.SerializeAsString();
}

// The names of the groups that are loaded, or the error as the only one.
std::vector<std::string> Load(int64_t log_start, const std::vector<std::string>& batches) {
  GroupLoader loader(GroupLimits{}, log_start);
  for (const std::string& batch : batches) {
    absl::Status added = loader.Add(batch);
    if (!added.ok()) return {std::string(added.message())};
  }
  absl::StatusOr<GroupLoader::Loaded> loaded = std::move(loader).Finish();
  if (!loaded.ok()) return {std::string(loaded.status().message())};
  std::vector<std::string> names;
  for (const auto& [name, group] : loaded->state.groups()) names.push_back(name);
  return names;
}

TEST(GroupLoader, TakesBatchesOfOneGenerationAfterAnother) {
  EXPECT_THAT(Load(0, {}), ElementsAre());
  EXPECT_THAT(Load(0, {Batch(1, 1, {Created("a"), Created("b")}), Batch(1, 2, {Created("c")}),
                       Batch(2, 1, {Created("d")})}),
              ElementsAre("a", "b", "c", "d"));
}

TEST(GroupLoader, PassesOverWhatFollowsOnABatchThatIsMissing) {
  EXPECT_THAT(Load(0, {Batch(1, 1, {Created("a")}), Batch(1, 3, {Created("b")}),
                       Batch(1, 4, {Created("c")}), Batch(2, 1, {Created("d")})}),
              ElementsAre("a", "d"));
  EXPECT_THAT(Load(0, {Batch(1, 2, {Created("a")}), Batch(2, 1, {Created("b")})}),
              ElementsAre("b"));
  EXPECT_THAT(Load(0, {Batch(1, 1, {Created("a")}), Batch(2, 2, {Created("b")}),
                       Batch(3, 1, {Created("c")})}),
              ElementsAre("a", "c"));
}

TEST(GroupLoader, TellsTheHighestGenerationEvenOfWhatItPassesOver) {
  GroupLoader loader(GroupLimits{}, 0);
  ASSERT_TRUE(loader.Add(Batch(7, 2, {Created("a")})).ok());
  EXPECT_EQ(std::move(loader).Finish()->generation, 7u);
}

TEST(GroupLoader, RefusesWhatIsNotOurs) {
  EXPECT_THAT(Load(0, {"\xff"}), ElementsAre("not a record of the groups' log"));
  EXPECT_THAT(Load(0, {Batch(1, 0, {})}), ElementsAre("a batch is out of order"));
  EXPECT_THAT(Load(0, {Batch(2, 1, {}), Batch(1, 1, {})}), ElementsAre("a batch is out of order"));
  EXPECT_THAT(Load(0, {Batch(1, 1, {Created("a")}), Batch(1, 2, {Created("a")})}),
              ElementsAre(testing::HasSubstr("made twice")));
}

TEST(GroupLoader, ASnapshotReplacesWhatWasBefore) {
  EXPECT_THAT(Load(0, {Batch(1, 1, {Created("a")}), Batch(1, 2, {Part(0, false, "b")}),
                       Batch(1, 3, {Part(1, true, "c")}), Batch(1, 4, {Created("d")})}),
              ElementsAre("b", "c", "d"));
}

TEST(GroupLoader, AnInterruptedSnapshotCountsForNothing) {
  EXPECT_THAT(Load(0, {Batch(1, 1, {Created("a")}), Batch(1, 2, {Part(0, false, "b")}),
                       Batch(2, 1, {Created("c")})}),
              ElementsAre("a", "c"));
}

TEST(GroupLoader, ATrimmedLogNeedsAWholeSnapshot) {
  EXPECT_THAT(Load(5, {Batch(3, 8, {Part(0, true, "a")}), Batch(3, 9, {Created("b")})}),
              ElementsAre("a", "b"));
  const std::string missing = "the beginning is missing and no complete snapshot replaces it";
  EXPECT_THAT(Load(5, {}), ElementsAre(missing));
  EXPECT_THAT(Load(5, {Batch(3, 8, {Part(0, false, "a")})}), ElementsAre(missing));
  EXPECT_THAT(Load(5, {Batch(3, 8, {Created("a")})}), ElementsAre(missing));
  EXPECT_THAT(Load(5, {Batch(3, 8, {Part(1, true, "a")})}),
              ElementsAre("a snapshot lacks one of its parts"));
  EXPECT_THAT(Load(5, {Batch(3, 8, {Part(0, false, "a")}), Batch(3, 9, {Part(2, true, "b")})}),
              ElementsAre("a snapshot lacks one of its parts"));
}

}  // namespace
}  // namespace leat::group
