// Records of a log of groups that are accepted make a state whose snapshot is read back as the same
// state, and that can be worked with; any others are refused as damaged.

#include <map>
#include <string>
#include <vector>

#include "server/broker/internal_batch.h"
#include "server/group/group_loader.h"
#include "server/group/group_state.h"
#include "tests/fuzz/fuzz.h"

namespace leat::group {
namespace {

// One topic, with an id that seeds use.
class OneTopic : public TopicCatalogue {
 public:
  OneTopic() { topic_.id.fill('t'); }

  const TopicInfo* FindName(std::string_view name) const override {
    return name == topic_.name ? &topic_ : nullptr;
  }
  const TopicInfo* FindId(const TopicId& id) const override {
    return id == topic_.id ? &topic_ : nullptr;
  }
  void ForEach(absl::FunctionRef<void(const TopicInfo&)> visit) const override { visit(topic_); }

 private:
  TopicInfo topic_{.name = "orders", .partition_count = 3};
};

absl::StatusOr<GroupState> Load(const std::vector<std::string>& records, int64_t log_start) {
  GroupLoader loader(GroupLimits{}, log_start);
  for (const std::string& record : records) {
    if (absl::Status added = loader.Add(record); !added.ok()) return added;
  }
  absl::StatusOr<GroupLoader::Loaded> loaded = std::move(loader).Finish();
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->state);
}

// As `GroupJournal` writes them.
std::vector<std::string> Written(std::vector<internal::GroupRecord> parts) {
  std::vector<std::string> records;
  for (internal::GroupRecord& part : parts) {
    internal::GroupBatch batch;
    batch.set_generation(1);
    batch.set_sequence(records.size() + 1);
    *batch.add_records() = std::move(part);
    records.push_back(batch.SerializeAsString());
  }
  return records;
}

// What a command decides can be applied: `GroupLog` aborts otherwise.
void Work(GroupState state) {
  const OneTopic topics;
  std::vector<std::string> names;
  for (const auto& [name, group] : state.groups()) names.push_back(name);
  for (const std::string& name : names) {
    const auto decision = state.Handle(command::Rebalance{.group = name}, {.topics = &topics});
    LEAT_CHECK(decision.ok());
    for (const internal::GroupRecord& record : decision->records) {
      LEAT_CHECK(state.Apply(record).ok());
    }
  }
}

// `log_start` 0: the log was never trimmed.
void CheckLog(std::string_view payload, int64_t log_start) {
  const record::Batch batch{.payload = fuzz::InPieces(payload, 0)};
  const absl::StatusOr<std::vector<std::string>> records = broker::DecodeInternalBatch(batch);
  if (!records.ok()) {
    LEAT_CHECK(absl::IsDataLoss(records.status()));
    return;
  }
  const absl::StatusOr<GroupState> state = Load(*records, log_start);
  if (!state.ok()) {
    LEAT_CHECK(absl::IsDataLoss(state.status()));
    return;
  }
  const absl::StatusOr<GroupState> again = Load(Written(state->Snapshot()), 1);
  LEAT_CHECK(again.ok());
  LEAT_CHECK(*again == *state);
  Work(*state);
}

}  // namespace
}  // namespace leat::group

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::fuzz::FuzzInput input(data, size);
  const int64_t log_start = input.Take<uint8_t>() % 2;
  leat::group::CheckLog(input.TakeRest(), log_start);
  return 0;
}
