#include "server/broker/metadata_loader.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/broker/metadata_codec.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using testing::ElementsAre;

internal::MetadataRecord Created(const std::string& name) {
  internal::MetadataRecord record;
  *record.mutable_topic_created() =
      EncodeTopic({.id = MakeUuid(name[0], 1), .name = name, .partition_count = 1});
  return record;
}

internal::MetadataRecord Part(uint32_t index, bool last, const std::string& name) {
  internal::MetadataRecord record;
  record.mutable_snapshot_part()->set_index(index);
  record.mutable_snapshot_part()->set_last(last);
  *record.mutable_snapshot_part()->add_topics()->mutable_topic() = Created(name).topic_created();
  return record;
}

// The names of the topics that are loaded, or the error as the only one.
std::vector<std::string> Load(int64_t log_start,
                              const std::vector<internal::MetadataRecord>& records) {
  MetadataLoader loader(TopicLimits{}, {log_start});
  for (const internal::MetadataRecord& record : records) {
    absl::Status added = loader.Add(record);
    if (!added.ok()) return {std::string(added.message())};
  }
  absl::StatusOr<TopicState> state = std::move(loader).Finish();
  if (!state.ok()) return {std::string(state.status().message())};
  std::vector<std::string> names;
  for (const TopicHandle& topic : state->Topics()) names.push_back(topic->name);
  return names;
}

TEST(MetadataLoaderTest, ALogFromItsBeginningNeedsNoSnapshot) {
  EXPECT_THAT(Load(0, {}), ElementsAre());
  EXPECT_THAT(Load(0, {Created("a"), Created("b")}), ElementsAre("a", "b"));
}

TEST(MetadataLoaderTest, ACompleteSnapshotReplacesWhatWasBefore) {
  EXPECT_THAT(Load(0, {Created("a"), Part(0, false, "b"), Part(1, true, "c"), Created("d")}),
              ElementsAre("b", "c", "d"));
  EXPECT_THAT(Load(7, {Part(0, true, "b"), Created("c")}), ElementsAre("b", "c"));
  EXPECT_THAT(Load(7, {Part(0, true, "b"), Part(0, true, "c")}), ElementsAre("c"));
}

TEST(MetadataLoaderTest, AnInterruptedSnapshotCountsForNothing) {
  EXPECT_THAT(Load(0, {Created("a"), Part(0, false, "b"), Created("c")}), ElementsAre("a", "c"));
  EXPECT_THAT(Load(0, {Created("a"), Part(0, false, "b")}), ElementsAre("a"));
  EXPECT_THAT(Load(0, {Created("a"), Part(0, false, "b"), Part(0, true, "c")}), ElementsAre("c"));
}

TEST(MetadataLoaderTest, ATrimmedLogWithoutItsSnapshotIsDamaged) {
  constexpr char kMissing[] = "the beginning is missing and no complete snapshot replaces it";
  EXPECT_THAT(Load(7, {}), ElementsAre(kMissing));
  EXPECT_THAT(Load(7, {Created("a")}), ElementsAre(kMissing));
  EXPECT_THAT(Load(7, {Part(0, false, "b")}), ElementsAre(kMissing));
  EXPECT_THAT(Load(7, {Part(0, false, "b"), Created("a")}), ElementsAre(kMissing));
}

TEST(MetadataLoaderTest, ASnapshotWithAHoleIsDamaged) {
  constexpr char kHole[] = "a snapshot lacks one of its parts";
  EXPECT_THAT(Load(0, {Part(0, false, "a"), Part(2, true, "b")}), ElementsAre(kHole));
  EXPECT_THAT(Load(0, {Part(1, true, "a")}), ElementsAre(kHole));
  EXPECT_THAT(Load(7, {Part(1, true, "a")}), ElementsAre(kHole));
}

TEST(MetadataLoaderTest, RecordsThatContradictEachOtherAreDamage) {
  EXPECT_THAT(
      Load(0, {Created("a"), Created("a")}),
      ElementsAre("a record does not follow on those before it: topic 'a' is created twice"));
}

}  // namespace
}  // namespace leat::broker
