// Executes the commands of a member in the order in which they came, and answers each.
//
// Part of a member's stream; used on its strand. Commands that need the broker first hold up those
// behind them; answers from the group may overtake one another.

#ifndef LEAT_SERVER_RPC_MEMBER_COMMANDS_H_
#define LEAT_SERVER_RPC_MEMBER_COMMANDS_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "leat/v1/group.pb.h"
#include "server/group/coordinator.h"
#include "server/rpc/byte_budget.h"
#include "server/rpc/member_delivery.h"
#include "server/rpc/place_resolver.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_outbox.h"
#include "server/rpc/stream_strand.h"

namespace leat::rpc {

class MemberCommands {
 public:
  struct Parts {
    RpcContext& context;
    group::Coordinator& groups;
    StreamOutbox& outbox;
    StreamStrand& strand;
    MemberDelivery& delivery;
  };

  // The parts outlive it; `on_answered` is called whenever a command was answered.
  MemberCommands(const Parts& parts, std::function<void()> on_answered)
      : parts_(parts), on_answered_(std::move(on_answered)) {}

  // Any command but a join. `charge` is held until it is answered.
  void Add(v1::ConsumeRequest request, ByteBudget::Charge charge);

  // The member is one: executes what has come so far and what comes.
  void Begin(group::MemberRef member);

  // Leaves the group for `why`.
  void Leave(const absl::Status& why);

  // Commands that are not answered.
  size_t in_flight() const { return in_flight_; }

 private:
  struct Command {
    v1::ConsumeRequest request;  // Empty when it is refused.
    absl::Status refusal;
    ByteBudget::Charge charge;
    v1::CommandResult result;
    // What of it the group is to decide about, and of which partition of the result each is.
    std::vector<group::Position> positions;
    std::vector<int> indexes;
  };
  using CommandPtr = std::shared_ptr<Command>;
  using Found = std::vector<absl::StatusOr<ResolvedPosition>>;

  void ExecuteMore();
  void Execute(const CommandPtr& command);
  // Adds a partition to the result: nullptr and an error when the member does not have it.
  OwnedPartition* Find(const v1::PartitionPosition& named, v1::CommandResult& result);
  void Grant(const CommandPtr& command);
  template <typename Partitions>
  void PauseOrResume(const CommandPtr& command, const Partitions& partitions);
  void Move(const CommandPtr& command,
            const google::protobuf::RepeatedPtrField<v1::PartitionPosition>& positions);
  void OnWatermarks(const CommandPtr& command, const std::vector<size_t>& beyond,
                    const Found& found);
  void Seek(const CommandPtr& command);
  void OnTargets(const CommandPtr& command, const Found& found);
  void Submit(const CommandPtr& command);
  void OnOutcome(const CommandPtr& command, const absl::StatusOr<group::Outcome>& outcome);
  void TakeEffect(v1::ConsumeRequest::CommandCase kind, const group::Position& position,
                  const group::PositionResult& result);
  void Answer(const CommandPtr& command, const absl::Status& error = absl::OkStatus());

  Parts parts_;
  std::function<void()> on_answered_;
  group::MemberRef member_;
  std::deque<CommandPtr> queue_;
  bool busy_ = true;  // One has to be looked up first, or there is no member yet.
  size_t in_flight_ = 0;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_MEMBER_COMMANDS_H_
