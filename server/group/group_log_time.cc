// What happens in the course of time: sessions, revocations, rebalances, expiry; and questions.

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "server/group/group_error.h"
#include "server/group/group_log.h"

namespace leat::group {
namespace {

// A round of expiry during which the wall clock went so much otherwise than the monotonic one is
// left out.
constexpr int64_t kMaxClockJumpMs = 60'000;

}  // namespace

void GroupLog::Start() {
  started_ = true;
  // Not while the groups are read, anew perhaps after a failed write: the end of that does it.
  if (state_.has_value()) BeginTimes();
}

void GroupLog::BeginTimes() {
  for (const auto& [name, group] : state_->groups()) {
    for (const auto& [id, member] : group.members) {
      sessions_.Await({name, id, member.epoch}, member.session_timeout_ms);
    }
    std::vector<Assignment> revoking;
    for (const auto& [place, partition] : group.partitions) {
      if (partition.revoking) revoking.push_back({place, partition.assignment_epoch});
    }
    if (!revoking.empty()) {
      ExpectRelease(name, std::move(revoking), options_.limits.revocation_deadline_ms);
    }
    WantRebalance(name);
  }
  ScheduleExpiry();
}

void GroupLog::StreamLost(const MemberRef& member) {
  if (!sessions_.Detach(member) || !state_.has_value() || !started_) return;
  const Group* group = state_->Find(member.group);
  if (group == nullptr) return;
  auto found = group->members.find(member.member_id);
  if (found != group->members.end()) sessions_.Await(member, found->second.session_timeout_ms);
}

void GroupLog::OnTopicChanged(const TopicId& id, std::string_view name) {
  if (!Refusal().ok()) return;
  for (const std::string& group : state_->GroupsConcernedBy(id, name)) WantRebalance(group);
}

// --- Timers ---

void GroupLog::After(int64_t delay_ms, absl::AnyInvocable<void() &&> task) {
  const uint64_t id = ++last_timer_;
  timers_[id] = surroundings_.timers->After(delay_ms, [this, id, task = std::move(task)]() mutable {
    timers_.erase(id);
    std::move(task)();
  });
}

void GroupLog::CancelTimers() {
  for (const auto& [group, timer] : rebalances_) surroundings_.timers->Cancel(timer);
  for (const auto& [id, timer] : timers_) surroundings_.timers->Cancel(timer);
  rebalances_.clear();
  timers_.clear();
}

void GroupLog::WantRebalance(const std::string& group) {
  TimerId& timer = rebalances_[group];
  if (timer != 0) return;
  timer =
      surroundings_.timers->After(std::max(options_.rebalance_delay_ms, pause_ms_), [this, group] {
        rebalances_.erase(group);
        using Scope = command::Rebalance::Scope;
        Execute(command::Rebalance{group, started_ ? Scope::kAll : Scope::kUnownedOnly,
                                   MembersAway(group)},
                nullptr, [](const auto&) {});
      });
}

absl::flat_hash_set<std::string> GroupLog::MembersAway(const std::string& name) const {
  absl::flat_hash_set<std::string> away;
  const Group* group = state_.has_value() ? state_->Find(name) : nullptr;
  if (group == nullptr) return away;
  for (const auto& [id, member] : group->members) {
    if (!IsAttached(name, id)) away.insert(id);
  }
  return away;
}

void GroupLog::ExpectRelease(const std::string& group, std::vector<Assignment> assignments,
                             int64_t deadline_ms) {
  After(deadline_ms, [this, group, assignments = std::move(assignments)]() mutable {
    Execute(command::ExpireRevocations{group, std::move(assignments)}, nullptr, [](const auto&) {});
  });
}

void GroupLog::ScheduleExpiry() {
  const Timers& timers = *surroundings_.timers;
  After(options_.expiry_interval_ms,
        [this, wall_ms = timers.WallMillis(), monotonic_ms = timers.MonotonicMillis()] {
          ExpireGroups(wall_ms, monotonic_ms);
          ScheduleExpiry();
        });
}

void GroupLog::ExpireGroups(int64_t wall_before_ms, int64_t monotonic_before_ms) {
  const Timers& timers = *surroundings_.timers;
  const int64_t jump_ms =
      (timers.WallMillis() - wall_before_ms) - (timers.MonotonicMillis() - monotonic_before_ms);
  if (std::abs(jump_ms) > kMaxClockJumpMs) return;
  Execute(command::ExpireGroups{options_.offset_retention_ms}, nullptr, [](const auto&) {});
}

// --- Questions ---

void GroupLog::Describe(const std::string& name, Callback<Group> done) {
  if (!state_.has_value()) return std::move(done)(ReadingAnew());
  const Group* group = state_->Find(name);
  absl::StatusOr<Group> answer =
      group == nullptr ? absl::StatusOr<Group>(GroupNotFound(name)) : *group;
  journal_.Then(
      [answer = std::move(answer), done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) return std::move(done)(status);
        std::move(done)(std::move(answer));
      });
}

void GroupLog::List(const std::string& prefix, const std::string& after, size_t limit,
                    Callback<std::vector<GroupSummary>> done) {
  if (!state_.has_value()) return std::move(done)(ReadingAnew());
  std::vector<GroupSummary> answer;
  const GroupState::Groups& groups = state_->groups();
  auto it = after < prefix ? groups.lower_bound(prefix) : groups.upper_bound(after);
  for (; it != groups.end() && answer.size() < limit && it->first.starts_with(prefix); ++it) {
    const auto& [name, group] = *it;
    answer.push_back({name, group.epoch, group.members.size(), group.create_time_ms});
  }
  journal_.Then(
      [answer = std::move(answer), done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) return std::move(done)(status);
        std::move(done)(std::move(answer));
      });
}

bool GroupLog::IsAttached(const std::string& group, const std::string& member_id) const {
  return sessions_.Find(group, member_id) != nullptr;
}

void GroupLog::Close(Done done) {
  closing_ = true;
  CancelTimers();
  journal_.Then([channels = sessions_.Clear()](const absl::Status&) {
    for (const auto& channel : channels) channel->Send(event::Closed{ServerStopping()});
  });
  log_->Close(std::move(done));
}

}  // namespace leat::group
