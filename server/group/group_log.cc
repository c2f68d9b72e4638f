#include "server/group/group_log.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "server/group/group_error.h"
#include "storage/record/error.h"

namespace leat::group {
namespace {

using record::MakeError;
using record::Reason;

// A disk that was full is found to have space after this at the latest.
constexpr int64_t kMaxPauseMs = 5'000;

// Whether a failed append certainly left nothing behind, so that later ones may go on.
bool WasRefused(const absl::Status& status) {
  const std::optional<Reason> reason = record::ReasonOf(status);
  return reason == Reason::kDiskFull || reason == Reason::kServerStopping;
}

}  // namespace

GroupLog::GroupLog(std::unique_ptr<RecordLog> log, Surroundings surroundings,
                   const Options& options)
    : log_(std::move(log)),
      surroundings_(std::move(surroundings)),
      options_(options),
      journal_(log_.get(), options.snapshot_interval_bytes,
               [this](const absl::Status& status) { OnWriteFailed(status); }),
      sessions_(surroundings_.timers, [this](MemberRef member) {
        Execute(
            command::Leave{std::move(member), MemberEvicted("it was without a stream too long")},
            nullptr, [](const auto&) {});
      }) {}

GroupLog::~GroupLog() {
  CancelTimers();
  state_.reset();
  CountGroups();
}

// --- Loading ---

void GroupLog::Load(Done done) {
  loaded_ = std::move(done);
  loader_.emplace(options_.limits, log_->log_start());
  ReadOn(log_->log_start());
}

void GroupLog::ReadOn(int64_t from) {
  log_->ReadFrom(from, [this, from](absl::StatusOr<RecordLog::ReadResult> result) {
    if (!result.ok()) return EndLoad(result.status());
    if (result->records.empty()) return EndLoad(absl::OkStatus());
    int64_t offset = from;
    for (const std::string& record : result->records) {
      absl::Status added = loader_->Add(record);
      if (!added.ok()) {
        return EndLoad(absl::DataLossError(
            fmt::format("__groups, offset {}: {}", offset, std::string(added.message()))));
      }
      journal_.Count(record);
      ++offset;
    }
    ReadOn(result->next_offset);
  });
}

void GroupLog::EndLoad(absl::Status status) {
  if (status.ok()) {
    absl::StatusOr<GroupLoader::Loaded> loaded = (*std::move(loader_)).Finish();
    if (loaded.ok()) {
      state_ = std::move(loaded->state);
      CountGroups();
      journal_.Begin(loaded->generation + 1);
      if (started_) BeginTimes();
    } else {
      status =
          absl::DataLossError(fmt::format("__groups: {}", std::string(loaded.status().message())));
    }
  }
  loader_.reset();
  std::exchange(loaded_, nullptr)(std::move(status));
}

// Nothing was told of what is lost; and what the members have been told is durable, so they find it
// again when they resume.
void GroupLog::OnWriteFailed(const absl::Status& status) {
  if (WasRefused(status)) {
    BackOff(status);
  } else {
    offline_ = status;
  }
  if (closing_) return;
  CancelTimers();
  state_.reset();
  CountGroups();
  for (const auto& channel : sessions_.Clear()) channel->Send(event::Closed{ReadingAnew()});
  Load([this](const absl::Status& loaded) {
    if (!loaded.ok()) offline_ = loaded;
  });
}

void GroupLog::BackOff(absl::Status refused) {
  refused_ = std::move(refused);
  pause_ms_ = std::min(std::max(2 * pause_ms_, options_.rebalance_delay_ms), kMaxPauseMs);
  pause_end_ms_ = surroundings_.timers->MonotonicMillis() + pause_ms_;
}

void GroupLog::OnWritten() {
  refused_ = absl::OkStatus();
  pause_ms_ = 0;
}

// --- Commands ---

absl::Status GroupLog::Refusal() const {
  if (closing_) return ServerStopping();
  if (!offline_.ok()) {
    const std::string detail = fmt::format(
        "groups cannot be changed until the server has been restarted, since a change could not be "
        "written: {}",
        std::string(offline_.message()));
    return MakeError(Reason::kPartitionOffline, detail, {{"detail", detail}});
  }
  if (!state_.has_value() || journal_.failed()) return ReadingAnew();
  return absl::OkStatus();
}

absl::Status GroupLog::RefusalOfCall() const {
  absl::Status refusal = Refusal();
  if (!refusal.ok() || surroundings_.timers->MonotonicMillis() >= pause_end_ms_) return refusal;
  return refused_;
}

void GroupLog::Join(command::Join command, const std::shared_ptr<MemberChannel>& channel) {
  if (absl::Status refusal = RefusalOfCall(); !refusal.ok()) {
    return channel->Send(event::Closed{std::move(refusal)});
  }
  if (command.resume.has_value()) {
    command.resume->attached = IsAttached(command.group, command.resume->member_id);
  }
  // Only for a join that was not enacted: from then on the channel belongs to the session.
  Execute(command, channel, [channel](const absl::StatusOr<Outcome>& outcome) {
    channel->Send(event::Closed{outcome.status()});
  });
}

void GroupLog::Submit(const GroupCommand& command, Answer done) {
  if (absl::Status refusal = RefusalOfCall(); !refusal.ok()) {
    return std::move(done)(std::move(refusal));
  }
  Execute(command, nullptr, std::move(done));
}

void GroupLog::Execute(const GroupCommand& command, std::shared_ptr<MemberChannel> channel,
                       Answer done) {
  absl::Status refusal = Refusal();
  if (!refusal.ok()) return std::move(done)(std::move(refusal));
  const Moment moment{.wall_ms = surroundings_.timers->WallMillis(),
                      .topics = surroundings_.topics,
                      .new_member_id = std::holds_alternative<command::Join>(command)
                                           ? surroundings_.new_member_id()
                                           : std::string(),
                      .groups_elsewhere = *surroundings_.group_count - counted_};
  absl::StatusOr<Decision> decision = state_->Handle(command, moment);
  if (decision.ok()) {
    return Enact(GroupNameOf(command), *std::move(decision), std::move(channel), std::move(done));
  }
  // The error too may follow from what is not durable yet.
  journal_.Then(
      [error = decision.status(), done = std::move(done)](const absl::Status& status) mutable {
        std::move(done)(status.ok() ? error : status);
      });
}

void GroupLog::Enact(const std::string& group, Decision decision,
                     std::shared_ptr<MemberChannel> channel, Answer done) {
  if (channel != nullptr) done = [](const auto&) {};
  for (const internal::GroupRecord& record : decision.records) {
    const absl::Status applied = state_->Apply(record);
    if (applied.ok()) continue;
    // `Handle` made it for this very state: from here on nothing could be trusted.
    std::fprintf(stderr, "group %s: %s\n", group.c_str(), applied.ToString().c_str());
    std::abort();
  }
  CountGroups();
  const bool writes = !decision.records.empty();
  if (writes) journal_.Append(std::move(decision.records));
  Deliveries deliveries = Address(group, std::move(decision.events), std::move(channel));
  if (decision.rebalance) WantRebalance(group);
  journal_.Then([this, group, writes, outcome = std::move(decision.outcome),
                 deliveries = std::move(deliveries),
                 done = std::move(done)](const absl::Status& status) mutable {
    if (status.ok()) {
      if (writes) OnWritten();
      Tell(group, std::move(deliveries));
      return std::move(done)(std::move(outcome));
    }
    // Whoever lost its stream with this command has to hear of it; the others are told by
    // `OnWriteFailed`.
    for (auto& [receiver, told] : deliveries) {
      if (receiver != nullptr && std::holds_alternative<event::Closed>(told)) {
        receiver->Send(event::Closed{ReadingAnew()});
      }
    }
    std::move(done)(status);
  });
  if (journal_.SnapshotDue()) journal_.AppendSnapshot(state_->Snapshot());
}

void GroupLog::CountGroups() {
  const size_t now = state_.has_value() ? state_->groups().size() : 0;
  *surroundings_.group_count += now - counted_;
  counted_ = now;
}

GroupLog::Deliveries GroupLog::Address(
    const std::string& group,
    // NOLINTNEXTLINE(performance-unnecessary-value-param): moved from.
    std::vector<std::pair<std::string, MemberEvent>> events,
    const std::shared_ptr<MemberChannel>& channel) {
  Deliveries deliveries;
  for (auto& [member_id, told] : events) {
    std::shared_ptr<MemberChannel> receiver;
    if (const auto* joined = std::get_if<event::Joined>(&told)) {
      receiver = channel;
      WantRebalance(group);  // It may be given something again.
      auto replaced = sessions_.Attach({group, member_id, joined->member_epoch}, channel);
      if (replaced != nullptr) {
        deliveries.emplace_back(std::move(replaced), event::Closed{InstanceReplaced(member_id)});
      }
    } else if (std::holds_alternative<event::Closed>(told)) {
      receiver = sessions_.Remove(group, member_id);
    } else {
      receiver = sessions_.Find(group, member_id);
    }
    deliveries.emplace_back(std::move(receiver), std::move(told));
  }
  return deliveries;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): moved from.
void GroupLog::Tell(const std::string& group, Deliveries deliveries) {
  for (auto& [receiver, told] : deliveries) {
    // The time runs for a member without a stream too.
    if (const auto* revoked = std::get_if<event::Revoked>(&told);
        revoked != nullptr && revoked->deadline_ms > 0) {
      ExpectRelease(group, revoked->partitions, revoked->deadline_ms);
    }
    if (receiver != nullptr) receiver->Send(std::move(told));
  }
}

}  // namespace leat::group
