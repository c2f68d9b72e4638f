#include "tests/server/group/simulated_member.h"

#include <functional>
#include <utility>
#include <variant>

#include "gtest/gtest.h"
#include "storage/record/error.h"

namespace leat::group {

using record::Reason;

SimulatedMember::SimulatedMember(std::string group, std::string instance_id,
                                 Subscription subscription, GroupModel* model,
                                 std::mt19937_64* random)
    : group_(std::move(group)),
      instance_id_(std::move(instance_id)),
      subscription_(std::move(subscription)),
      model_(model),
      random_(random) {}

// --- Streams ---

void SimulatedMember::Join(GroupLog& log) {
  command::Join join{.group = group_,
                     .subscription = subscription_,
                     .instance_id = instance_id_,
                     .session_timeout_ms = 10'000};
  if (!ref_.member_id.empty()) {
    join.resume = command::Join::Resume{ref_.member_id, ref_.member_epoch};
    for (const auto& [place, owned] : owned_) {
      if (!owned.started) continue;
      join.resume->positions.push_back(PositionOf(place, owned));
      // How it went is never told: it may take effect now or not at all.
      model_->CommitAsked(model_->Ask(), group_, place, owned.next);
    }
  }
  told_joined_ = false;
  channel_ = std::make_shared<RecordingChannel>();
  *channel_ = RecordingChannel(
      [this, raw = channel_.get(), id = std::string()](const MemberEvent& event) mutable {
        if (const auto* joined = std::get_if<event::Joined>(&event)) id = joined->member_id;
        OnEvent(raw, id, event);
      });
  log.Join(std::move(join), channel_);
}

void SimulatedMember::Leave(GroupLog& log) {
  if (joined()) log.Submit(command::Leave{ref_, absl::OkStatus()}, [](const auto&) {});
}

void SimulatedMember::LoseStream(GroupLog* log) {
  channel_ = nullptr;
  if (log != nullptr && told_joined_) log->StreamLost(ref_);
  if (log == nullptr) once_owned_.clear();  // What it gave back may be its own again.
  told_joined_ = false;
}

void SimulatedMember::TellLateLosses(GroupLog* log) {
  for (const MemberRef& ref : std::exchange(late_, {})) {
    if (log != nullptr) log->StreamLost(ref);
  }
}

void SimulatedMember::OnEvent(const MemberChannel* from, const std::string& member_id,
                              const MemberEvent& event) {
  // Who owns what is known to the model also when the member does not hear of it.
  if (const auto* assigned = std::get_if<event::Assigned>(&event)) {
    for (const auto& partition : assigned->partitions) {
      model_->OnAssigned(group_, partition.assignment, member_id, partition.committed);
    }
  }
  if (from != channel_.get()) {
    // The stream broke before it was told of its membership.
    if (const auto* joined = std::get_if<event::Joined>(&event)) {
      late_.push_back({group_, joined->member_id, joined->member_epoch});
    }
    return;
  }
  const bool is_first = !told_joined_;
  EXPECT_EQ(is_first, std::holds_alternative<event::Joined>(event) ||
                          (is_first && std::holds_alternative<event::Closed>(event)));
  std::visit([this](const auto& e) { On(e); }, event);
}

void SimulatedMember::On(const event::Joined& event) {
  told_joined_ = true;
  ref_ = {group_, event.member_id, event.member_epoch};
  // Nothing delivered before counts.
  owned_.clear();
}

void SimulatedMember::On(const event::Assigned& event) {
  EXPECT_EQ(event.member_epoch, ref_.member_epoch);
  for (const auto& partition : event.partitions) {
    Owned& owned = owned_[partition.assignment.partition];
    owned = {.epoch = partition.assignment.epoch,
             .next = partition.committed.value_or(0),
             .started = partition.committed.has_value()};
  }
}

void SimulatedMember::On(const event::Revoked& event) {
  for (const Assignment& assignment : event.partitions) {
    auto found = owned_.find(assignment.partition);
    if (found == owned_.end() || found->second.epoch != assignment.epoch) continue;
    if (once_owned_.size() > 50) once_owned_.clear();
    once_owned_.push_back(PositionOf(found->first, found->second));
    if (event.deadline_ms == 0) {
      owned_.erase(found);
    } else {
      found->second.revoked = true;
    }
  }
}

void SimulatedMember::On(const event::Closed& event) {
  channel_ = nullptr;
  told_joined_ = false;
  once_owned_.clear();
  const auto reason = record::ReasonOf(event.status);
  over_ = event.status.ok() || reason == Reason::kInstanceReplaced;
  if (reason == Reason::kMemberEvicted || reason == Reason::kFencedMemberEpoch) {
    ref_ = {};
    owned_.clear();
  }
}

// --- Honest work ---

Position SimulatedMember::PositionOf(const TopicPartition& place, const Owned& owned) const {
  return {{place, owned.epoch}, owned.next, model_->high_watermark(place)};
}

std::map<TopicPartition, SimulatedMember::Owned>::iterator SimulatedMember::Any() {
  if (owned_.empty()) return owned_.end();
  return std::next(owned_.begin(), static_cast<int64_t>((*random_)() % owned_.size()));
}

void SimulatedMember::Work() {
  auto any = Any();
  if (any == owned_.end() || !any->second.started) return;
  Owned& owned = any->second;
  const int64_t end = std::min<int64_t>(model_->high_watermark(any->first),
                                        owned.next + 1 + static_cast<int64_t>((*random_)() % 20));
  if (owned.next >= end) return;
  model_->Handle(group_, any->first, owned.next, end);
  owned.next = end;
}

void SimulatedMember::Send(GroupLog& log, GroupCommand command,
                           const std::vector<Position>& positions,
                           std::function<void(const Position&, const PositionResult&)> when_done) {
  struct Asked {
    RequestNumber number;
    Position position;
    uint64_t newest_epoch;
  };
  const bool is_seek = std::holds_alternative<command::SeekMember>(command);
  std::vector<Asked> asked;
  for (const Position& position : positions) {
    const TopicPartition& place = position.assignment.partition;
    asked.push_back({model_->Ask(), position, model_->newest_epoch(group_, place)});
    if (is_seek) {
      model_->SeekAsked(asked.back().number, group_, place, position.next_offset);
    } else {
      model_->CommitAsked(asked.back().number, group_, place, position.next_offset);
    }
  }
  const std::string sender = ref_.member_id;
  log.Submit(std::move(command), [this, asked, is_seek, sender,
                                  when_done](const absl::StatusOr<Outcome>& outcome) {
    // After an error as a whole it may, or may not, have taken effect.
    if (!outcome.ok() && record::ReasonOf(outcome.status()) != Reason::kFencedMemberEpoch) return;
    for (size_t i = 0; i < asked.size(); ++i) {
      const auto& [number, position, newest_epoch] = asked[i];
      const Assignment& assignment = position.assignment;
      if (!outcome.ok() || !(*outcome)[i].status.ok()) {
        model_->Refused(number, group_, assignment.partition);
        continue;
      }
      const PositionResult& result = (*outcome)[i];
      if (is_seek) {
        model_->SeekDone(number, group_, assignment.partition, result.committed);
        model_->OnAssigned(group_, {assignment.partition, result.assignment_epoch}, sender,
                           result.committed);
      } else {
        model_->CommitDone(number, group_, assignment, sender, newest_epoch, result.committed);
      }
      if (when_done) when_done(position, result);
    }
  });
}

void SimulatedMember::Commit(GroupLog& log) {
  StartAll(log);
  std::vector<Position> positions;
  for (const auto& [place, owned] : owned_) {
    if (owned.started && (*random_)() % 2 == 0) positions.push_back(PositionOf(place, owned));
  }
  if (positions.empty() || !joined()) return;
  Send(log, command::Commit{group_, ref_, positions}, positions, nullptr);
}

void SimulatedMember::StartAll(GroupLog& log) {
  std::vector<Position> positions;
  for (const auto& [place, owned] : owned_) {
    if (!owned.started && !owned.seeking) positions.push_back(PositionOf(place, owned));
  }
  if (positions.empty() || !joined()) return;
  Send(log, command::StartAt{ref_, positions}, positions,
       [this](const Position& position, const PositionResult& result) {
         auto found = owned_.find(position.assignment.partition);
         if (found == owned_.end() || found->second.epoch != position.assignment.epoch) return;
         if (found->second.started) return;
         found->second.next = result.committed;
         found->second.started = true;
       });
}

void SimulatedMember::Release(GroupLog& log) {
  std::vector<Position> positions;
  for (const auto& [place, owned] : owned_) {
    if (owned.revoked) positions.push_back(PositionOf(place, owned));
  }
  if (positions.empty() || !joined()) return;
  Send(log, command::Release{ref_, positions}, positions, nullptr);
  for (const Position& position : positions) owned_.erase(position.assignment.partition);
}

void SimulatedMember::SeekBack(GroupLog& log) {
  auto any = Any();
  if (any == owned_.end() || !any->second.started || any->second.revoked || !joined()) return;
  Position target = PositionOf(any->first, any->second);
  target.next_offset -=
      std::min<int64_t>(target.next_offset, static_cast<int64_t>((*random_)() % 30));
  any->second.started = false;
  any->second.seeking = true;
  Send(log, command::SeekMember{ref_, {target}}, {target},
       [this](const Position& position, const PositionResult& result) {
         auto found = owned_.find(position.assignment.partition);
         if (found == owned_.end() || found->second.epoch != position.assignment.epoch) return;
         found->second = {
             .epoch = result.assignment_epoch, .next = result.committed, .started = true};
       });
}

// --- Lies: each asks for the end of a partition, so that whichever is believed is found out ---

void SimulatedMember::Lie(GroupLog& log) {
  if (!joined()) return;
  Position lie;
  if (!once_owned_.empty() && (*random_)() % 2 == 0) {
    lie = once_owned_[(*random_)() % once_owned_.size()];
  } else if (auto any = Any(); any != owned_.end()) {
    lie = PositionOf(any->first, any->second);
    lie.assignment.epoch += (*random_)() % 2 == 0 ? -1 : 1'000'000;
  } else {
    return;
  }
  auto owned = owned_.find(lie.assignment.partition);
  if (owned != owned_.end() && owned->second.epoch == lie.assignment.epoch) return;
  lie.high_watermark = model_->high_watermark(lie.assignment.partition);
  lie.next_offset = lie.high_watermark;
  MemberRef ref = ref_;
  switch ((*random_)() % 6) {
    case 0:
      ref.member_epoch -= 1;
      return Send(log, command::Commit{group_, ref, {lie}}, {lie}, nullptr);
    case 1:
      return Send(log, command::Release{ref, {lie, lie}}, {lie, lie}, nullptr);
    case 2:
      return Send(log, command::SeekMember{ref, {lie}}, {lie}, nullptr);
    case 3:
      return Send(log, command::Commit{group_, std::nullopt, {lie}}, {lie}, nullptr);
    case 4:
      lie.next_offset += 1'000'000;
      return Send(log, command::Commit{group_, ref, {lie}}, {lie}, nullptr);
    default:
      return Send(log, command::Commit{group_, ref, {lie}}, {lie}, nullptr);
  }
}

}  // namespace leat::group
