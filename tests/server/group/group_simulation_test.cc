// Groups under everything that can happen to them, held against a model. The number of steps is
// that of LEAT_SIMULATION_STEPS, or 100,000.

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/group/group_log.h"
#include "server/group/subscription.h"
#include "storage/record/error.h"
#include "tests/server/group/group_model.h"
#include "tests/server/group/simulated_member.h"
#include "tests/server/group/simulated_world.h"

namespace leat::group {
namespace {

constexpr int kStepsPerSeed = 25'000;
constexpr size_t kMaxMembers = 10;

int StepsWanted() {
  const char* wanted = std::getenv("LEAT_SIMULATION_STEPS");
  return wanted == nullptr ? 100'000 : std::atoi(wanted);
}

GroupLog::Options SimulatedOptions() {
  GroupLog::Options options;
  options.limits.revocation_deadline_ms = 3'000;
  options.snapshot_interval_bytes = 20'000;
  return options;
}

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed) {
    for (const char* name : {"t0", "t1", "u0"}) topics_.Make(name, 1 + Below(5));
    Boot();
  }

  void Step();
  // Lets everyone work in peace; then all is delivered, committed and shared out.
  void ComeToRest();

 private:
  uint64_t Below(uint64_t end) { return random_() % end; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  void Boot();
  void CutPower();
  void ChangeTopics();
  void SeekGroup();
  void Examine(const std::string& group, bool at_rest);
  void ExamineShares(const Group& group);
  void AddMember(bool eager);
  SimulatedMember* AnyMember();
  void MemberStep(SimulatedMember& member);
  TopicPartition AnyPartition();
  std::string AnyGroup() { return OneIn(2) ? "g" : "h"; }

  std::mt19937_64 random_;
  SimulatedTimers timers_;
  SimulatedTopics topics_;
  SimulatedDisk disk_;
  GroupModel model_;
  std::vector<std::unique_ptr<SimulatedMember>> members_;  // All there ever were.
  std::vector<SimulatedMember*> living_;
  uint64_t last_member_ = 0;
  std::atomic<size_t> group_count_ = 0;
  SimulatedRecordLog* record_log_ = nullptr;  // Owned by `log_`.
  std::unique_ptr<GroupLog> log_;
  bool started_ = false;
};

// --- The server ---

void Simulation::Boot() {
  auto record_log = std::make_unique<SimulatedRecordLog>(&disk_);
  record_log_ = record_log.get();
  log_ = std::make_unique<GroupLog>(
      std::move(record_log),
      GroupLog::Surroundings{&timers_, &topics_,
                             [this] { return "m" + std::to_string(++last_member_); },
                             &group_count_},
      SimulatedOptions());
  absl::Status loaded = absl::UnknownError("not loaded");
  log_->Load([&loaded](absl::Status status) { loaded = std::move(status); });
  while (record_log_->Step()) {
  }
  ASSERT_TRUE(loaded.ok()) << loaded;
  started_ = false;
  for (const char* group : {"g", "h"}) Examine(group, /*at_rest=*/false);
}

void Simulation::CutPower() {
  record_log_->CutPower(Below(record_log_->under_way() + 1));
  log_.reset();
  timers_.Reset();
  for (SimulatedMember* member : living_) member->LoseStream(nullptr);
  for (const auto& member : members_) member->TellLateLosses(nullptr);
  Boot();
}

void Simulation::ChangeTopics() {
  const std::string name = "t" + std::to_string(Below(3));
  auto found = topics_.all().find(name);
  const TopicId id = found == topics_.all().end() ? TopicId{} : found->second.id;
  if (found == topics_.all().end()) {
    topics_.Make(name, 1 + Below(5), timers_.WallMillis());
  } else if (OneIn(3)) {
    topics_.Delete(name);
  } else if (found->second.partition_count < 12) {
    ++found->second.partition_count;
  }
  log_->OnTopicChanged(id, name);
}

TopicPartition Simulation::AnyPartition() {
  auto topic = std::next(topics_.all().begin(), static_cast<int64_t>(Below(topics_.all().size())));
  return {topic->second.id, static_cast<uint32_t>(Below(topic->second.partition_count))};
}

void Simulation::SeekGroup() {
  const TopicPartition place = AnyPartition();
  const std::string group = AnyGroup();
  const int64_t end = model_.high_watermark(place);
  const auto target = static_cast<int64_t>(Below(end + 1));
  const RequestNumber number = model_.Ask();
  model_.SeekAsked(number, group, place, target);
  model_.Handle(group, place, 0, target);
  log_->Submit(command::SeekGroup{group, {{{place, 0}, target, end}}, OneIn(2)},
               [=, this](const absl::StatusOr<Outcome>& outcome) {
                 using record::Reason;
                 const auto reason = record::ReasonOf(outcome.status());
                 if (outcome.ok()) return model_.SeekDone(number, group, place, target);
                 if (reason == Reason::kGroupHasMembers || reason == Reason::kGroupNotFound) {
                   model_.Refused(number, group, place);
                 }
               });
}

void Simulation::Examine(const std::string& group, bool at_rest) {
  log_->Describe(group, [=, this](const absl::StatusOr<Group>& described) {
    if (!described.ok()) return;
    model_.Check(group, *described);
    if (!at_rest) return;
    ExamineShares(*described);
    for (const auto& [place, partition] : described->partitions) {
      if (!partition.owner.empty()) model_.CheckComplete(group, place, partition.committed);
    }
  });
}

void Simulation::ExamineShares(const Group& group) {
  std::map<std::string, int> loads;
  for (const auto& [place, partition] : group.partitions) ++loads[partition.owner];
  topics_.ForEach([&](const TopicInfo& topic) {
    const bool wanted = std::any_of(
        group.members.begin(), group.members.end(),
        [&](const auto& entry) { return Matches(entry.second.subscription, topic.name); });
    if (!wanted) return;
    for (uint32_t p = 0; p < topic.partition_count; ++p) {
      auto found = group.partitions.find({topic.id, p});
      ASSERT_TRUE(found != group.partitions.end());
      EXPECT_FALSE(found->second.revoking);
      const std::string& owner = found->second.owner;
      ASSERT_TRUE(group.members.contains(owner)) << topic.name << " " << p << " '" << owner << "'";
      EXPECT_TRUE(Matches(group.members.find(owner)->second.subscription, topic.name));
      for (const auto& [id, member] : group.members) {
        if (!Matches(member.subscription, topic.name)) continue;
        EXPECT_LE(loads[owner], loads[id] + 1) << owner << " has more than " << id;
      }
    }
  });
}

// --- The members ---

void Simulation::AddMember(bool eager) {
  static const Subscription kSubscriptions[] = {
      {{}, {".*"}}, {{}, {"t.*"}}, {{"t0", "t1", "t9"}, {}}, {{"u0"}, {"t1"}}};
  const std::string instance = OneIn(3) ? "i" + std::to_string(Below(3)) : "";
  members_.push_back(std::make_unique<SimulatedMember>(
      AnyGroup(), instance, eager ? kSubscriptions[0] : kSubscriptions[Below(4)], &model_,
      &random_));
  living_.push_back(members_.back().get());
  living_.back()->Join(*log_);
}

SimulatedMember* Simulation::AnyMember() {
  std::erase_if(living_, [](const SimulatedMember* member) { return member->over(); });
  return living_.empty() ? nullptr : living_[Below(living_.size())];
}

void Simulation::MemberStep(SimulatedMember& member) {
  if (!member.has_stream()) {
    if (OneIn(5)) member.Join(*log_);
    return;
  }
  if (OneIn(100)) member.stalled = !member.stalled;
  if (member.stalled) return;
  switch (Below(40)) {
    case 0:
      return member.LoseStream(log_.get());
    case 1:
      if (OneIn(5)) member.Leave(*log_);
      return;
    case 2:
      return member.SeekBack(*log_);
    case 3:
    case 4:
      return member.Lie(*log_);
    case 5:
      if (!OneIn(10)) return;
      // Dies: no one will hear of it again.
      member.LoseStream(log_.get());
      std::erase(living_, &member);
      return;
    default:
      break;
  }
  if (OneIn(3)) return member.Commit(*log_);
  if (OneIn(4)) return member.Release(*log_);
  member.Work();
}

void Simulation::Step() {
  for (const auto& member : members_) member->TellLateLosses(log_.get());
  const uint64_t choice = Below(1'000);
  if (choice < 300) {
    for (uint64_t i = Below(6); i > 0; --i) record_log_->Step();
  } else if (choice < 400) {
    timers_.Advance(static_cast<int64_t>(OneIn(50) ? Below(20'000) : Below(200)));
  } else if (choice < 450) {
    model_.Produce(AnyPartition(), static_cast<int64_t>(Below(10)));
  } else if (choice < 465) {
    if (living_.size() < kMaxMembers) AddMember(/*eager=*/false);
  } else if (choice < 470) {
    SeekGroup();
  } else if (choice < 474) {
    ChangeTopics();
  } else if (choice < 477) {
    CutPower();
  } else if (choice < 479) {
    record_log_->FailNext(record::MakeError(record::Reason::kDiskFull, "no space"));
  } else if (choice < 481) {
    timers_.JumpWallClock(static_cast<int64_t>(Below(2'000'000)) - 1'000'000);
  } else if (choice < 500) {
    if (!started_) log_->Start();
    started_ = true;
  } else if (choice < 505) {
    Examine(AnyGroup(), /*at_rest=*/false);
  } else if (SimulatedMember* member = AnyMember()) {
    MemberStep(*member);
  }
}

void Simulation::ComeToRest() {
  if (!started_) log_->Start();
  for (const char* name : {"t0", "t1", "u0"}) {
    if (topics_.FindName(name) == nullptr) topics_.Make(name, 3, timers_.WallMillis());
    log_->OnTopicChanged(topics_.FindName(name)->id, name);
  }
  for (int round = 0; round < 600; ++round) {
    while (record_log_->Step()) {
    }
    for (const auto& member : members_) member->TellLateLosses(log_.get());
    timers_.Advance(100);
    while (living_.size() < 6) AddMember(/*eager=*/true);
    AnyMember();  // Removes those whose time is over.
    for (SimulatedMember* member : std::vector<SimulatedMember*>(living_)) {
      if (!member->has_stream()) member->Join(*log_);
      for (int i = 0; i < 20; ++i) member->Work();
      member->Commit(*log_);
      member->Release(*log_);
    }
  }
  while (record_log_->Step()) {
  }
  for (const char* group : {"g", "h"}) Examine(group, /*at_rest=*/true);
}

TEST(GroupSimulation, KeepsItsPromises) {
  for (int steps = 0, seed = 1; steps < StepsWanted(); steps += kStepsPerSeed, ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Simulation simulation(seed);
    for (int step = 0; step < kStepsPerSeed; ++step) {
      simulation.Step();
      if (testing::Test::HasFailure()) GTEST_FAIL() << "at step " << step;
    }
    simulation.ComeToRest();
    if (testing::Test::HasFailure()) GTEST_FAIL() << "at rest";
  }
}

}  // namespace
}  // namespace leat::group
