// What becomes of a member on its stream: joining, assignments, timeouts, the end.
//
// The state behind a `Consume` call (consume_stream.h); everything happens on its strand, but for
// what is said to be of any thread.

#ifndef LEAT_SERVER_RPC_MEMBER_STREAM_H_
#define LEAT_SERVER_RPC_MEMBER_STREAM_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "leat/v1/group.pb.h"
#include "server/group/coordinator.h"
#include "server/rpc/assignment_start.h"
#include "server/rpc/calls.h"
#include "server/rpc/member_commands.h"
#include "server/rpc/member_delivery.h"
#include "server/rpc/member_liveness.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_outbox.h"
#include "server/rpc/stream_strand.h"
#include "server/rpc/timer.h"

namespace leat::rpc {

class MemberStream : public std::enable_shared_from_this<MemberStream> {
 public:
  MemberStream(RpcContext& context, StreamOutbox::Reactor reactor, group::Coordinator& groups,
               std::function<void()> start_read);

  // From gRPC's threads.
  void Start();
  void OnMessage(const absl::Cord& message);
  void OnHalfClose();
  void OnWriteDone(bool ok);
  void OnCancel();

  // From the group, on any thread.
  void OnEvent(group::MemberEvent event);

 private:
  struct Arrived {
    group::MemberEvent event;
    io::MonotonicTime at;
  };

  io::MonotonicTime Now() const { return context_.broker.clock().Monotonic(); }

  // What the client sends.
  void Admit(const absl::Cord& message);
  void Handle(const absl::Cord& message, ByteBudget::Charge charge);
  void BeginJoin(const v1::ConsumeRequest& request);
  void Join(group::command::Join command);
  bool HasRoom() const;
  void ReadOn();

  // What the group says, in order: an assignment holds up what follows until its start is found.
  void HandleEvents();
  void Tell(const group::event::Joined& joined);
  void Tell(const group::event::Assigned& assigned);
  void OnStarted(const group::event::Assigned& assigned,
                 absl::StatusOr<std::vector<StartedPartition>> started);
  void Tell(const group::event::Revoked& revoked, io::MonotonicTime since);
  void Send(const v1::ConsumeResponse& response);

  void StartTimer(absl::Duration delay);
  void Tick();
  void Drain();
  // Ends a stream that is draining or half closed, when nothing keeps it.
  void EndIfIdle();
  void End(const absl::Status& status);
  void Abort(const absl::Status& status);

  RpcContext& context_;
  group::Coordinator& groups_;
  const std::function<void()> start_read_;
  StreamOutbox outbox_;
  std::atomic<bool> paused_ = true;         // No read is under way. Set on the strand only.
  std::atomic<int64_t> last_write_ns_ = 0;  // When the last write ended.

  // On the strand.
  Calls::Ticket ticket_;
  StreamStrand strand_;
  MemberDelivery delivery_;
  MemberCommands commands_;
  std::optional<MemberLiveness> liveness_;
  Timer timer_;
  v1::Joined joined_;                       // As it is to be told; from Join on.
  std::string group_;                       // Empty until Join.
  std::optional<group::MemberRef> member_;  // From Joined on.
  std::deque<Arrived> events_;
  bool starting_ = false;            // Finding the start of an assignment.
  bool waiting_for_budget_ = false;  // A command is.
  bool half_closed_ = false;
  bool draining_ = false;
  io::MonotonicTime drain_until_;
  bool closed_ = false;  // By the group.
  bool over_ = false;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_MEMBER_STREAM_H_
