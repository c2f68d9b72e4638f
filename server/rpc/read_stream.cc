#include "server/rpc/read_stream.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/rpc/read_allowance.h"
#include "server/rpc/read_cursor.h"
#include "server/rpc/read_request.h"
#include "server/rpc/status.h"
#include "server/rpc/stream_outbox.h"
#include "server/rpc/stream_reactor.h"
#include "server/rpc/timer.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

// So many fetches' worth of bytes may wait to be written.
constexpr size_t kMaxFetchesQueued = 2;

// Messages that may wait to be written, and the number at which they are refilled.
constexpr size_t kMaxQueuedMessages = 64;
constexpr size_t kRefillMessages = 32;

class ReadStream : public std::enable_shared_from_this<ReadStream> {
 public:
  ReadStream(RpcContext& context, StreamOutbox::Reactor reactor)
      : context_(context),
        outbox_(std::move(reactor)),
        allowance_(context.read_budget),
        strand_(context.pool) {}

  void Start(const absl::Cord& request);
  void OnWriteDone(bool ok);
  void OnCancel();

 private:
  // A cursor and where it stands in the stream's queues. It is fetching, hungry, or has fetched
  // all.
  struct Lane {
    ReadCursor cursor;
    uint64_t ticket = 0;  // Of the fetch under way, if any.
    bool sendable = false;
    bool quiet = true;   // Nothing was sent since the last tick.
    absl::Status fault;  // Why no more can be fetched.
  };

  absl::Status Begin(const absl::Cord& bytes);
  void OnResolved(const ReadPlan& plan, absl::StatusOr<std::vector<ResolvedPosition>> found);
  void Pump();
  void SendMore();
  void FetchMore();
  void GoOnFetching(size_t lane);
  void Fetch(size_t lane, size_t max_bytes, std::shared_ptr<ReadHold> hold);
  void OnFetched(size_t lane, absl::StatusOr<broker::FetchResult> fetched,
                 std::shared_ptr<ReadHold> hold);
  bool OutboxHasRoom(size_t max_messages) const;
  void Tick();
  void StartTimer();
  void End(const absl::Status& status);

  RpcContext& context_;
  StreamOutbox outbox_;
  Calls::Ticket ticket_;
  ReadAllowance allowance_;
  // Whether the end of a write is to pump.
  std::atomic<bool> wants_room_ = false;

  // On the strand.
  broker::TopicHandle topic_;
  ReadFormat format_;
  absl::Duration heartbeat_interval_;
  Timer heartbeat_;
  std::vector<Lane> lanes_;
  std::deque<size_t> hungry_;    // Lanes with more to fetch at once.
  std::deque<size_t> sendable_;  // Lanes with something to send; the first has its turn.
  size_t turn_bytes_ = 0;
  size_t ended_lanes_ = 0;
  bool over_ = false;

  Strand strand_;
};

void ReadStream::Start(const absl::Cord& request) {
  auto ticket = context_.calls.Enter([weak = weak_from_this()] {
    auto self = weak.lock();
    if (self == nullptr) return;
    self->outbox_.Abort(ToGrpcStatus(ServerStopping()));
    self->strand_.Post([self] { self->End(ServerStopping()); });
  });
  if (!ticket.ok()) return outbox_.Abort(ToGrpcStatus(ticket.status()));
  ticket_ = *std::move(ticket);
  strand_.Dispatch([self = shared_from_this(), request] {
    if (auto status = self->Begin(request); !status.ok()) self->End(status);
  });
}

absl::Status ReadStream::Begin(const absl::Cord& bytes) {
  const auto request = ParseReadRequest(bytes);
  if (!request.ok()) return request.status();
  auto topic = context_.broker.FindTopic(request->topic(), request->topic_id());
  if (!topic.ok()) return topic.status();
  topic_ = *std::move(topic);
  format_ = FormatOf(*request, *topic_);
  allowance_.set_fetch_bytes(format_.max_chunk_bytes);
  heartbeat_interval_ = HeartbeatIntervalOf(*request);
  ReadPlan plan = PlanRead(*request, *topic_);
  auto queries = plan.queries;
  ResolvePositions(context_, topic_, std::move(queries),
                   [self = shared_from_this(), plan = std::move(plan)](
                       absl::StatusOr<std::vector<ResolvedPosition>> found) mutable {
                     Strand& strand = self->strand_;
                     strand.Post([self = std::move(self), plan = std::move(plan),
                                  found = std::move(found)]() mutable {
                       self->OnResolved(plan, std::move(found));
                     });
                   });
  return absl::OkStatus();
}

void ReadStream::OnResolved(const ReadPlan& plan,
                            absl::StatusOr<std::vector<ResolvedPosition>> found) {
  if (over_) return;
  if (!found.ok()) return End(found.status());
  auto cursors = MakeCursors(plan, *found);
  if (!cursors.ok()) return End(cursors.status());
  for (ReadCursor& cursor : *cursors) lanes_.push_back({.cursor = std::move(cursor)});
  for (size_t i = 0; i < lanes_.size(); ++i) {
    // Gaps and ends that are known from the start.
    lanes_[i].sendable = true;
    sendable_.push_back(i);
    GoOnFetching(i);
  }
  StartTimer();
  Pump();
}

void ReadStream::OnWriteDone(bool ok) {
  outbox_.OnWriteDone(ok);
  if (OutboxHasRoom(kRefillMessages) && wants_room_.exchange(false)) {
    strand_.Post([self = shared_from_this()] { self->Pump(); });
  }
}

// Set before anything is looked at, so that a write that ends meanwhile pumps again.
void ReadStream::Pump() {
  if (over_) return;
  wants_room_ = true;
  SendMore();
  if (over_) return;
  FetchMore();
  if (sendable_.empty() && hungry_.empty()) wants_room_ = false;
}

// Lanes take turns: each for a chunk's worth of bytes, or longer until no batch of it lies open.
void ReadStream::SendMore() {
  while (!sendable_.empty() && OutboxHasRoom(kMaxQueuedMessages)) {
    Lane& lane = lanes_[sendable_.front()];
    auto event = lane.cursor.Next(format_);
    if (!event.ok()) return End(WithPartition(event.status(), lane.cursor.partition()));
    if (event->has_value()) {
      lane.quiet = false;
      turn_bytes_ += (*event)->message.size();
      outbox_.Send((*event)->message, std::move((*event)->hold));
      if (lane.cursor.ended() && ++ended_lanes_ == lanes_.size()) return End(absl::OkStatus());
      if (turn_bytes_ < format_.max_chunk_bytes || !lane.cursor.between_batches()) continue;
      sendable_.push_back(sendable_.front());
    } else {
      // What was fetched before the fault is sent first.
      if (!lane.fault.ok()) return End(lane.fault);
      lane.sendable = false;
    }
    sendable_.pop_front();
    turn_bytes_ = 0;
  }
}

void ReadStream::FetchMore() {
  while (!hungry_.empty()) {
    auto hold = allowance_.TryHold(allowance_.fetch_bytes());
    if (hold == nullptr) return;
    const size_t lane = hungry_.front();
    hungry_.pop_front();
    const size_t max_bytes = std::min(hold->bytes(), allowance_.fetch_bytes());
    Fetch(lane, max_bytes, std::move(hold));
  }
}

// Where there is nothing yet the broker waits, and nothing is held meanwhile.
void ReadStream::GoOnFetching(size_t lane) {
  const ReadCursor& cursor = lanes_[lane].cursor;
  if (cursor.fetched_all() || !lanes_[lane].fault.ok()) return;
  if (!cursor.caught_up()) return hungry_.push_back(lane);
  Fetch(lane, allowance_.fetch_bytes(), nullptr);
}

void ReadStream::Fetch(size_t lane, size_t max_bytes, std::shared_ptr<ReadHold> hold) {
  const ReadCursor& cursor = lanes_[lane].cursor;
  lanes_[lane].ticket =
      context_.broker.Fetch({.topic = topic_,
                             .partition = cursor.partition(),
                             .from = cursor.fetch_from(),
                             .max_bytes = max_bytes,
                             .wait = true},
                            [self = shared_from_this(), lane, hold = std::move(hold)](
                                absl::StatusOr<broker::FetchResult> fetched) mutable {
                              Strand& strand = self->strand_;
                              strand.Post([self = std::move(self), lane, hold = std::move(hold),
                                           fetched = std::move(fetched)]() mutable {
                                self->OnFetched(lane, std::move(fetched), std::move(hold));
                              });
                            });
}

void ReadStream::OnFetched(size_t index, absl::StatusOr<broker::FetchResult> fetched,
                           std::shared_ptr<ReadHold> hold) {
  if (over_) return;
  Lane& lane = lanes_[index];
  lane.ticket = 0;
  if (!fetched.ok()) {
    if (!lane.cursor.SkipIfTrimmed(fetched.status())) {
      lane.fault = WithPartition(fetched.status(), lane.cursor.partition());
    }
  } else {
    const size_t bytes = PayloadBytes(*fetched);
    if (hold == nullptr) hold = allowance_.TryHold(bytes);
    if (hold == nullptr) {
      // What came while this stream had enough is fetched again when it has room.
      lane.cursor.Learn(fetched->high_watermark);
    } else {
      hold->Resize(bytes);
      lane.cursor.Add(*std::move(fetched), hold);
    }
  }
  if (!std::exchange(lane.sendable, true)) sendable_.push_back(index);
  GoOnFetching(index);
  Pump();
}

bool ReadStream::OutboxHasRoom(size_t max_messages) const {
  const StreamOutbox::Load load = outbox_.load();
  return load.messages < max_messages && load.bytes < kMaxFetchesQueued * allowance_.fetch_bytes();
}

void ReadStream::StartTimer() {
  heartbeat_.Start(heartbeat_interval_, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (self != nullptr) self->strand_.Post([self] { self->Tick(); });
  });
}

void ReadStream::Tick() {
  if (over_) return;
  const bool writing = outbox_.load().messages > 0;
  for (Lane& lane : lanes_) {
    const bool idle = std::exchange(lane.quiet, true) && !lane.sendable && !lane.cursor.ended();
    if (idle && !writing) outbox_.Send(lane.cursor.Heartbeat(format_));
  }
  StartTimer();
}

void ReadStream::OnCancel() {
  outbox_.Abort(grpc::Status::CANCELLED);
  strand_.Post([self = shared_from_this()] {
    self->End(record::MakeError(record::Reason::kCallEnded, "the call was cancelled"));
  });
}

void ReadStream::End(const absl::Status& status) {
  if (std::exchange(over_, true)) return;
  heartbeat_.Cancel();
  for (const Lane& lane : lanes_) {
    if (lane.ticket == 0) continue;
    context_.broker.CancelFetch(topic_, lane.cursor.partition(), lane.ticket);
  }
  // Before the lanes go: `status` may be the fault of one.
  const grpc::Status last = ToGrpcStatus(status);
  lanes_.clear();
  outbox_.Finish(last);
}

class ReadStreamReactor final
    : public StreamReactor<grpc::ServerWriteReactor<grpc::ByteBuffer>, ReadStream> {
 public:
  ReadStreamReactor(RpcContext& context, const absl::Cord& request) : StreamReactor(context) {
    stream().Start(request);
  }
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartRead(RpcContext& context,
                                                      const absl::Cord& request) {
  return new ReadStreamReactor(context, request);
}

}  // namespace leat::rpc
