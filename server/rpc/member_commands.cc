#include "server/rpc/member_commands.h"

#include <algorithm>
#include <utility>

#include "server/rpc/consume_encoder.h"
#include "server/rpc/consume_request.h"
#include "server/rpc/status.h"

namespace leat::rpc {

using Case = v1::ConsumeRequest::CommandCase;

namespace {

v1::PartitionPosition PositionOf(const v1::OwnedPartition& named) {
  v1::PartitionPosition position;
  position.set_topic(named.topic());
  position.set_topic_id(named.topic_id());
  position.set_partition(named.partition());
  position.set_assignment_epoch(named.assignment_epoch());
  return position;
}

}  // namespace

void MemberCommands::Add(v1::ConsumeRequest request, ByteBudget::Charge charge) {
  auto command = std::make_shared<Command>();
  command->result.set_request_id(request.request_id());
  // Not when it is its turn: what is good for nothing may take far more memory than it is charged.
  command->refusal = CheckCommand(request);
  if (command->refusal.ok()) command->request = std::move(request);
  command->charge = std::move(charge);
  queue_.push_back(std::move(command));
  ++in_flight_;
  ExecuteMore();
}

void MemberCommands::Begin(group::MemberRef member) {
  member_ = std::move(member);
  busy_ = false;
  ExecuteMore();
}

void MemberCommands::Leave(const absl::Status& why) {
  parts_.groups.Submit(group::command::Leave{member_, why}, [](const auto&) {});
}

void MemberCommands::ExecuteMore() {
  while (!busy_ && !queue_.empty()) {
    const CommandPtr command = std::move(queue_.front());
    queue_.pop_front();
    command->refusal.ok() ? Execute(command) : Answer(command, command->refusal);
  }
}

void MemberCommands::Execute(const CommandPtr& command) {
  const v1::ConsumeRequest& request = command->request;
  switch (request.command_case()) {
    case Case::kCredit:
      return Grant(command);
    case Case::kPause:
      return PauseOrResume(command, request.pause().partitions());
    case Case::kResume:
      return PauseOrResume(command, request.resume().partitions());
    case Case::kCommit:
      return Move(command, request.commit().positions());
    case Case::kRelease:
      return Move(command, request.release().positions());
    case Case::kSeek:
      return Seek(command);
    case Case::kLeave:
      return Submit(command);
    case Case::kHeartbeatAnswer:
    case Case::kJoin:
    case Case::COMMAND_NOT_SET:
      return Answer(command);
  }
}

void MemberCommands::Grant(const CommandPtr& command) {
  const v1::Credit& credit = command->request.credit();
  Answer(command, parts_.delivery.credit().Grant({credit.bytes(), credit.records()}));
  // Later: sending takes longer than a thread of gRPC should be kept.
  parts_.strand.Post([this] { parts_.delivery.Pump(); });
}

OwnedPartition* MemberCommands::Find(const v1::PartitionPosition& named,
                                     v1::CommandResult& result) {
  v1::PartitionResult& partition = *result.add_partitions();
  *partition.mutable_position() = named;
  const auto owned = parts_.delivery.Find(named.topic(), named.topic_id(), named.partition(),
                                          named.assignment_epoch());
  if (!owned.ok()) {
    *partition.mutable_error() = ToRpcStatus(owned.status());
    return nullptr;
  }
  partition.mutable_position()->set_topic_id((*owned)->topic_id);
  return *owned;
}

template <typename Partitions>
void MemberCommands::PauseOrResume(const CommandPtr& command, const Partitions& partitions) {
  for (const v1::OwnedPartition& named : partitions) {
    OwnedPartition* owned = Find(PositionOf(named), command->result);
    if (owned == nullptr) continue;
    command->request.has_pause() ? parts_.delivery.Pause(*owned) : parts_.delivery.Resume(*owned);
  }
  Answer(command);
  parts_.strand.Post([this] { parts_.delivery.Pump(); });
}

// Commit and Release. What was delivered is known to lie below the high watermark; the broker is
// asked only about positions past what is known.
void MemberCommands::Move(
    const CommandPtr& command,
    const google::protobuf::RepeatedPtrField<v1::PartitionPosition>& positions) {
  std::vector<PlaceQuery> queries;
  std::vector<size_t> beyond;
  for (const v1::PartitionPosition& position : positions) {
    const OwnedPartition* owned = Find(position, command->result);
    if (owned == nullptr) continue;
    const int64_t high_watermark = owned->delivery.high_watermark().value;
    if (position.next_offset() > high_watermark) {
      queries.push_back({owned->topic, position.partition(), {}});
      beyond.push_back(command->positions.size());
    }
    command->positions.push_back({owned->assignment, position.next_offset(), high_watermark});
    command->indexes.push_back(command->result.partitions_size() - 1);
  }
  if (beyond.empty()) return Submit(command);
  busy_ = true;
  ResolvePlaces(parts_.context, std::move(queries),
                parts_.strand.Callback<Found>([this, command, beyond](const Found& found) {
                  OnWatermarks(command, beyond, found);
                }));
}

void MemberCommands::OnWatermarks(const CommandPtr& command, const std::vector<size_t>& beyond,
                                  const Found& found) {
  for (size_t i = 0; i < beyond.size(); ++i) {
    // Where it cannot be asked for, what is known stands.
    if (found[i].ok())
      command->positions[beyond[i]].high_watermark = found[i]->high_watermark.value;
  }
  Submit(command);
  busy_ = false;
  ExecuteMore();
}

void MemberCommands::Seek(const CommandPtr& command) {
  std::vector<PlaceQuery> queries;
  for (const v1::MemberSeek& target : command->request.seek().targets()) {
    v1::PartitionPosition position = PositionOf(target.partition());
    position.set_next_offset(target.to().offset());
    const OwnedPartition* owned = Find(position, command->result);
    if (owned == nullptr) continue;
    queries.push_back({owned->topic, position.partition(), target.to()});
    command->positions.push_back({owned->assignment, 0, 0});
    command->indexes.push_back(command->result.partitions_size() - 1);
  }
  busy_ = true;
  ResolvePlaces(parts_.context, std::move(queries),
                parts_.strand.Callback<Found>(
                    [this, command](const Found& found) { OnTargets(command, found); }));
}

void MemberCommands::OnTargets(const CommandPtr& command, const Found& found) {
  std::vector<group::Position> positions;
  std::vector<int> indexes;
  for (size_t i = 0; i < found.size(); ++i) {
    absl::Status status = found[i].status();
    if (status.ok()) {
      const ResolvedPosition& place = *found[i];
      status = CheckOffset(place.partition, place.offset, place.log_start, place.high_watermark);
    }
    const int index = command->indexes[i];
    if (status.ok()) {
      positions.push_back({command->positions[i].assignment, found[i]->offset.value,
                           found[i]->high_watermark.value});
      indexes.push_back(index);
    } else {
      *command->result.mutable_partitions(index)->mutable_error() = ToRpcStatus(status);
    }
  }
  command->positions = std::move(positions);
  command->indexes = std::move(indexes);
  Submit(command);
  busy_ = false;
  ExecuteMore();
}

void MemberCommands::Submit(const CommandPtr& command) {
  const v1::ConsumeRequest& request = command->request;
  if (command->positions.empty() && !request.has_leave()) return Answer(command);
  group::GroupCommand asked;
  if (request.has_commit()) {
    asked = group::command::Commit{member_.group, member_, command->positions,
                                   request.commit().metadata()};
  } else if (request.has_release()) {
    asked = group::command::Release{member_, command->positions};
  } else if (request.has_seek()) {
    asked = group::command::SeekMember{member_, command->positions};
  } else {
    asked = group::command::Leave{member_, absl::OkStatus()};
  }
  parts_.groups.Submit(std::move(asked),
                       parts_.strand.Callback<absl::StatusOr<group::Outcome>>(
                           [this, command](const absl::StatusOr<group::Outcome>& outcome) {
                             OnOutcome(command, outcome);
                           }));
}

void MemberCommands::OnOutcome(const CommandPtr& command,
                               const absl::StatusOr<group::Outcome>& outcome) {
  if (!outcome.ok()) return Answer(command, outcome.status());
  for (size_t i = 0; i < command->positions.size(); ++i) {
    const group::PositionResult& result = (*outcome)[i];
    v1::PartitionResult& answer = *command->result.mutable_partitions(command->indexes[i]);
    if (!result.status.ok()) {
      *answer.mutable_error() = ToRpcStatus(result.status);
      continue;
    }
    TakeEffect(command->request.command_case(), command->positions[i], result);
    answer.mutable_position()->set_assignment_epoch(result.assignment_epoch);
    answer.mutable_position()->set_next_offset(result.committed);
  }
  Answer(command);
  parts_.delivery.Pump();
}

void MemberCommands::TakeEffect(Case kind, const group::Position& position,
                                const group::PositionResult& result) {
  MemberDelivery& delivery = parts_.delivery;
  OwnedPartition* owned = delivery.Find(position.assignment);
  if (owned == nullptr) return;  // Lost meanwhile.
  if (kind == Case::kCommit) {
    delivery.Handled(*owned, {std::max(position.next_offset, result.committed)});
  } else if (kind == Case::kRelease) {
    delivery.Remove(position.assignment);
  } else {
    const bool paused = owned->paused;
    const group::Assignment renewed{position.assignment.partition, result.assignment_epoch};
    delivery.Assign(owned->topic, renewed, {result.committed});
    if (paused) delivery.Pause(*delivery.Find(renewed));
  }
}

void MemberCommands::Answer(const CommandPtr& command, const absl::Status& error) {
  v1::CommandResult& result = command->result;
  if (!error.ok()) {
    result.clear_partitions();
    *result.mutable_error() = ToRpcStatus(error);
  }
  const bool failed = result.has_error() ||
                      std::any_of(result.partitions().begin(), result.partitions().end(),
                                  [](const auto& partition) { return partition.has_error(); });
  // A departure is answered by the end of the stream.
  const bool told = failed || (result.request_id() != 0 && !command->request.has_leave());
  if (told) {
    v1::ConsumeResponse response;
    *response.mutable_command_result() = std::move(result);
    parts_.outbox.Send(Encode(response));
  }
  command->charge.Release();
  --in_flight_;
  on_answered_();
}

}  // namespace leat::rpc
