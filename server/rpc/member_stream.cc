#include "server/rpc/member_stream.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "server/group/group_error.h"
#include "server/rpc/consume_request.h"
#include "server/rpc/place_resolver.h"
#include "server/rpc/status.h"
#include "server/rpc/validate.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::MakeError;
using record::Reason;

// A stream reads on below these: commands that are not answered, and what is not written.
constexpr size_t kMaxCommandsInFlight = 256;
constexpr size_t kMaxMessagesQueued = 1'024;
constexpr size_t kMaxBytesQueued = 16 << 20;

// Larger messages are not parsed on a thread of gRPC.
constexpr size_t kShortMessageBytes = 16 << 10;

// For commits, between Draining and the end.
constexpr absl::Duration kDrainTime = absl::Seconds(5);

absl::Status ProtocolViolation(const std::string& what) {
  return MakeError(Reason::kInvalidField, "join " + what, {{"join", what}});
}

// The group's end of a stream. When the stream is gone before the group has let it join, the group
// learns so by this.
class Channel final : public group::MemberChannel {
 public:
  Channel(group::Coordinator& groups, std::string group, std::weak_ptr<MemberStream> stream)
      : groups_(groups), group_(std::move(group)), stream_(std::move(stream)) {}

  void Send(group::MemberEvent event) override {
    if (auto stream = stream_.lock()) return stream->OnEvent(std::move(event));
    if (const auto* joined = std::get_if<group::event::Joined>(&event)) {
      groups_.StreamLost({group_, joined->member_id, joined->member_epoch});
    }
  }

 private:
  group::Coordinator& groups_;
  const std::string group_;
  const std::weak_ptr<MemberStream> stream_;
};

}  // namespace

MemberStream::MemberStream(RpcContext& context, StreamOutbox::Reactor reactor,
                           group::Coordinator& groups, std::function<void()> start_read)
    : context_(context),
      groups_(groups),
      start_read_(std::move(start_read)),
      outbox_(std::move(reactor)),
      strand_(context.pool),
      delivery_(context, outbox_, strand_, [this](const absl::Status& status) { End(status); }),
      commands_({context, groups, outbox_, strand_, delivery_}, [this] {
        ReadOn();
        EndIfIdle();
      }) {}

// --- What the client sends ---

void MemberStream::Start() {
  strand_.set_owner(weak_from_this());
  auto ticket = context_.calls.Enter([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->strand_.Post([stream = self.get()] { stream->Drain(); });
  });
  if (!ticket.ok()) return outbox_.Abort(ToGrpcStatus(ticket.status()));
  ticket_ = *std::move(ticket);
  strand_.Dispatch([this] { ReadOn(); });
}

void MemberStream::OnMessage(const absl::Cord& message) {
  auto admit = [this, message] { Admit(message); };
  message.size() <= kShortMessageBytes ? strand_.Dispatch(std::move(admit))
                                       : strand_.Post(std::move(admit));
}

void MemberStream::OnHalfClose() {
  strand_.Post([this] {
    half_closed_ = true;
    EndIfIdle();
  });
}

void MemberStream::OnWriteDone(bool ok) {
  last_write_ns_ = Now().nanos;
  outbox_.OnWriteDone(ok);
  if (paused_) strand_.Post([this] { ReadOn(); });
  if (delivery_.WantsRoom()) strand_.Post([this] { delivery_.Pump(); });
}

void MemberStream::OnCancel() {
  outbox_.Abort(grpc::Status::CANCELLED);
  strand_.Post([this] { End(MakeError(Reason::kCallEnded, "the call was cancelled")); });
}

void MemberStream::Admit(const absl::Cord& message) {
  if (auto charge = context_.produce_budget.TryAcquire(message.size())) {
    return Handle(message, *std::move(charge));
  }
  waiting_for_budget_ = true;
  context_.produce_budget.Acquire(message.size(), strand_.Callback<ByteBudget::Charge>(
                                                      [this, message](ByteBudget::Charge charge) {
                                                        waiting_for_budget_ = false;
                                                        Handle(message, std::move(charge));
                                                      }));
}

void MemberStream::Handle(const absl::Cord& message, ByteBudget::Charge charge) {
  if (over_) return;
  auto request = ParseConsumeRequest(message);
  if (!request.ok()) return End(request.status());
  if (group_.empty()) {
    if (!request->has_join()) return End(ProtocolViolation("must come first"));
    if (auto status = CheckCommand(*request); !status.ok()) return End(status);
    BeginJoin(*request);
  } else {
    if (request->has_join()) return End(ProtocolViolation("may come only once"));
    liveness_->OnCommand(Now());
    commands_.Add(*std::move(request), std::move(charge));
  }
  paused_ = true;
  ReadOn();
  EndIfIdle();
}

void MemberStream::BeginJoin(const v1::ConsumeRequest& request) {
  const v1::Join& join = request.join();
  group::command::Join command = ToCommand(join);
  group_ = command.group;
  liveness_.emplace(ProcessingTimeoutOf(join), join.answers_heartbeats(), Now());
  delivery_.Configure(CreditOf(join), ChunkBytesOf(join));
  joined_.set_request_id(request.request_id());
  joined_.set_session_timeout_ms(static_cast<uint32_t>(command.session_timeout_ms));
  joined_.set_processing_timeout_ms(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(ProcessingTimeoutOf(join))));
  // Positions in topics that are gone are passed over.
  std::vector<PlaceQuery> queries;
  for (const v1::PartitionPosition& position : join.resume().positions()) {
    auto topic = context_.broker.FindTopic(position.topic(), position.topic_id());
    if (!topic.ok()) continue;
    const group::TopicPartition place{(*topic)->id, position.partition()};
    command.resume->positions.push_back(
        {{place, position.assignment_epoch()}, position.next_offset(), 0});
    queries.push_back({*std::move(topic), position.partition(), {}});
  }
  using Found = std::vector<absl::StatusOr<ResolvedPosition>>;
  ResolvePlaces(
      context_, std::move(queries),
      strand_.Callback<Found>([this, command = std::move(command)](const Found& found) mutable {
        for (size_t i = 0; i < found.size(); ++i) {
          if (!found[i].ok()) continue;
          command.resume->positions[i].high_watermark = found[i]->high_watermark.value;
        }
        Join(std::move(command));
      }));
}

void MemberStream::Join(group::command::Join command) {
  if (over_) return;
  groups_.Join(std::move(command), std::make_shared<Channel>(groups_, group_, weak_from_this()));
}

bool MemberStream::HasRoom() const {
  const StreamOutbox::Load queued = outbox_.load();
  return commands_.in_flight() < kMaxCommandsInFlight && queued.messages < kMaxMessagesQueued &&
         queued.bytes < kMaxBytesQueued;
}

// `paused_` stands while the room is looked at, so that a write that ends meanwhile looks again.
void MemberStream::ReadOn() {
  if (!paused_ || over_ || !HasRoom()) return;
  paused_ = false;
  outbox_.WhileOpen(start_read_);
}

// --- Time, and the end ---

void MemberStream::StartTimer(absl::Duration delay) {
  timer_.Start(delay, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->strand_.Post([stream = self.get()] { stream->Tick(); });
  });
}

void MemberStream::Tick() {
  if (over_) return;
  const io::MonotonicTime now = Now();
  if (draining_) {
    // A tick that was due before may still come.
    return now < drain_until_ ? StartTimer(drain_until_ - now) : Abort(ServerStopping());
  }
  liveness_->OnSent({last_write_ns_});
  const auto due = liveness_->Check(delivery_.holding_since(), outbox_.load().messages > 0, now);
  if (due == MemberLiveness::Due::kHeartbeat) {
    v1::ConsumeResponse response;
    response.mutable_heartbeat();
    Send(response);
  } else if (due == MemberLiveness::Due::kNoAnswer) {
    return Abort(MakeError(Reason::kCallEnded, "the client has not answered heartbeats"));
  } else if (due == MemberLiveness::Due::kProcessingTimeout) {
    const std::string why = fmt::format("it held records for more than {} ms without a command",
                                        joined_.processing_timeout_ms());
    // The group closes the stream then; if it cannot now, it is asked again.
    commands_.Leave(group::MemberEvicted(why));
    return StartTimer(MemberLiveness::kHeartbeatInterval);
  }
  StartTimer(liveness_->UntilNextCheck(delivery_.holding_since(), now));
}

void MemberStream::Drain() {
  if (over_) return;
  if (!member_.has_value()) return End(ServerStopping());
  draining_ = true;
  drain_until_ = Now() + kDrainTime;
  delivery_.Stop();
  v1::ConsumeResponse response;
  response.mutable_draining();
  Send(response);
  StartTimer(kDrainTime);
  EndIfIdle();
}

void MemberStream::EndIfIdle() {
  const bool joining = !group_.empty() && !member_.has_value();
  if (over_ || joining || commands_.in_flight() > 0 || waiting_for_budget_) return;
  if (half_closed_) {
    End(MakeError(Reason::kCallEnded, "the client has closed its side without Leave"));
  } else if (draining_ && !delivery_.holding_since().has_value()) {
    End(ServerStopping());
  }
}

void MemberStream::End(const absl::Status& status) {
  if (std::exchange(over_, true)) return;
  timer_.Cancel();
  delivery_.Stop();
  if (member_.has_value() && !closed_) groups_.StreamLost(*member_);
  outbox_.Finish(ToGrpcStatus(status));
}

// As `End`, for a client that may not read: what is queued is dropped.
void MemberStream::Abort(const absl::Status& status) {
  if (over_) return;
  outbox_.Abort(ToGrpcStatus(status));
  End(status);
}

}  // namespace leat::rpc
