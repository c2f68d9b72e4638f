#include "server/rpc/fetch_call.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/rpc/byte_buffer.h"
#include "server/rpc/read_cursor.h"
#include "server/rpc/read_request.h"
#include "server/rpc/response_encoder.h"
#include "server/rpc/status.h"
#include "server/rpc/timer.h"
#include "server/rpc/validate.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

constexpr size_t kDefaultMaxBytes = 1 << 20;

// What an event may have around as many records as there is room for.
constexpr size_t kEnvelopeBytes = 256;

// The answer leaves so long before the deadline, to be there in time.
absl::Duration MarginOf(absl::Duration left) {
  return std::clamp(left / 10, absl::Milliseconds(5), absl::Milliseconds(100));
}

class FetchCall : public std::enable_shared_from_this<FetchCall> {
 public:
  using Finish = std::function<void(grpc::Status)>;

  FetchCall(RpcContext& context, grpc::ByteBuffer& response, Finish finish)
      : context_(context), response_(response), finish_(std::move(finish)), strand_(context.pool) {}

  void Start(const absl::Cord& request, absl::Time deadline);
  void OnCancel() { End(record::MakeError(record::Reason::kCallEnded, "the call was cancelled")); }

 private:
  absl::Status Begin(const absl::Cord& bytes, absl::Time deadline);
  void Walk();
  void WalkOn();
  void OnWalked(absl::StatusOr<broker::FetchResult> fetched);
  absl::Status Collect(ReadCursor& cursor);
  void AfterWalk();
  void WaitForAny();
  void OnSignal(size_t index, const absl::Status& status);
  void CancelWaits();
  void End(const absl::Status& status);
  void Answer();

  RpcContext& context_;
  grpc::ByteBuffer& response_;  // Until `finish_` is called.
  const Finish finish_;
  Calls::Ticket ticket_;

  // On the strand.
  broker::TopicHandle topic_;
  ReadFormat format_;
  size_t min_bytes_ = 1;
  size_t max_bytes_ = kDefaultMaxBytes;
  absl::Time give_up_;
  Timer timer_;
  std::vector<ReadCursor> cursors_;
  std::set<uint32_t> told_;        // Partitions that an event tells of.
  std::vector<uint64_t> tickets_;  // For each cursor: its waiting fetch.
  std::shared_ptr<ReadHold> hold_;
  size_t walking_ = 0;  // The cursor that the walk is at.
  size_t waiting_ = 0;  // Waiting fetches that were not answered.
  std::vector<absl::Cord> events_;
  size_t answer_bytes_ = 0;   // Of `events_`.
  size_t records_bytes_ = 0;  // Of the records in them.
  bool full_ = false;
  bool waited_ = false;
  bool time_is_up_ = false;
  std::optional<absl::Status> end_;  // Answers so as soon as nothing is under way.
  bool answered_ = false;

  Strand strand_;
};

void FetchCall::Start(const absl::Cord& request, absl::Time deadline) {
  strand_.Dispatch([self = shared_from_this(), request, deadline] {
    if (auto status = self->Begin(request, deadline); !status.ok()) {
      self->end_ = status;
      self->Answer();
    }
  });
}

absl::Status FetchCall::Begin(const absl::Cord& bytes, absl::Time deadline) {
  auto ticket = context_.calls.Enter([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->End(ServerStopping());
  });
  if (!ticket.ok()) return ticket.status();
  ticket_ = *std::move(ticket);
  v1::FetchRequest request;
  if (auto status = ParseRequest(bytes, &request); !status.ok()) return status;
  if (auto status = Validate(request); !status.ok()) return status;
  auto topic = context_.broker.FindTopic(request.topic(), request.topic_id());
  if (!topic.ok()) return topic.status();
  topic_ = *std::move(topic);

  if (request.max_bytes() > 0) max_bytes_ = request.max_bytes();
  if (request.min_bytes() > 0) min_bytes_ = request.min_bytes();
  if (request.has_accept_batches())
    format_.accept = BatchAcceptance(request.accept_batches(), max_bytes_);
  const absl::Time now = absl::Now();
  give_up_ = std::min(now + absl::Milliseconds(request.max_wait_ms()),
                      deadline - MarginOf(deadline - now));
  const record::Offset end{std::numeric_limits<int64_t>::max()};
  for (const v1::PartitionFetch& partition : request.partitions()) {
    const record::Offset start{partition.offset()};
    cursors_.emplace_back(partition.partition(), start, end, start);
  }
  // Whoever comes first in the answer changes from call to call.
  const size_t turn = context_.fetch_turns.fetch_add(1) % cursors_.size();
  std::rotate(cursors_.begin(), cursors_.begin() + turn, cursors_.end());
  tickets_.resize(cursors_.size());
  Walk();
  return absl::OkStatus();
}

// Looks at one partition after another, so that no more is in memory than is sent and one batch.
void FetchCall::Walk() {
  auto charge = context_.read_budget.TryAcquire(max_bytes_ - answer_bytes_);
  if (!charge.has_value()) {
    end_ = record::MakeError(record::Reason::kBacklogFull, "too many bytes of reads are in flight");
    return Answer();
  }
  if (hold_ == nullptr) {
    hold_ = std::make_shared<ReadHold>(*std::move(charge), std::make_shared<std::atomic<size_t>>());
  } else {
    charge->Release();
    hold_->Resize(max_bytes_);
  }
  walking_ = 0;
  WalkOn();
}

void FetchCall::WalkOn() {
  if (end_.has_value()) return Answer();
  if (walking_ == cursors_.size() || full_) return AfterWalk();
  const ReadCursor& cursor = cursors_[walking_];
  context_.broker.Fetch({.topic = topic_,
                         .partition = cursor.partition(),
                         .from = cursor.fetch_from(),
                         .max_bytes = max_bytes_ - answer_bytes_},
                        [self = shared_from_this()](absl::StatusOr<broker::FetchResult> fetched) {
                          self->strand_.Post([self, fetched = std::move(fetched)]() mutable {
                            self->OnWalked(std::move(fetched));
                          });
                        });
}

void FetchCall::OnWalked(absl::StatusOr<broker::FetchResult> fetched) {
  ReadCursor& cursor = cursors_[walking_++];
  if (!end_.has_value()) {
    absl::Status status = fetched.status();
    if (fetched.ok()) {
      cursor.Add(*std::move(fetched), hold_);
      status = Collect(cursor);
    } else if (waited_ && cursor.SkipIfTrimmed(status)) {
      status = Collect(cursor);
    }
    if (!status.ok()) end_ = WithPartition(status, cursor.partition());
  }
  WalkOn();
}

// Takes events as long as they fit; the first one always does.
absl::Status FetchCall::Collect(ReadCursor& cursor) {
  while (!full_) {
    format_.max_chunk_bytes = max_bytes_ - answer_bytes_;
    const record::Offset from = cursor.next_offset();
    auto event = cursor.Next(format_);
    if (!event.ok()) return event.status();
    if (!event->has_value()) break;
    const size_t bytes = (*event)->message.size();
    full_ = answer_bytes_ + bytes >= max_bytes_;
    if (answer_bytes_ > 0 && answer_bytes_ + bytes > max_bytes_ + kEnvelopeBytes) {
      cursor.Return(**std::move(event), from);
      break;
    }
    events_.push_back(std::move((*event)->message));
    answer_bytes_ += bytes;
    records_bytes_ += (*event)->records_bytes;
    told_.insert(cursor.partition());
  }
  return absl::OkStatus();
}

void FetchCall::AfterWalk() {
  hold_->Resize(answer_bytes_);
  if (full_ || records_bytes_ >= min_bytes_ || time_is_up_ || absl::Now() >= give_up_)
    return Answer();
  if (!std::exchange(waited_, true)) {
    timer_.Start(give_up_ - absl::Now(), [weak = weak_from_this()] {
      auto self = weak.lock();
      if (self == nullptr) return;
      self->strand_.Post([self] {
        self->time_is_up_ = true;
        self->CancelWaits();
      });
    });
  }
  WaitForAny();
}

// What a waiting fetch brings is only a sign: it is fetched again in the next walk, in turn and
// within bounds.
void FetchCall::WaitForAny() {
  waiting_ = cursors_.size();
  for (size_t i = 0; i < cursors_.size(); ++i) {
    tickets_[i] = context_.broker.Fetch(
        {.topic = topic_,
         .partition = cursors_[i].partition(),
         .from = cursors_[i].fetch_from(),
         .max_bytes = 1,
         .wait = true},
        [self = shared_from_this(), i](const absl::StatusOr<broker::FetchResult>& fetched) {
          self->strand_.Post([self, i, status = fetched.status()] { self->OnSignal(i, status); });
        });
  }
}

void FetchCall::OnSignal(size_t index, const absl::Status& status) {
  tickets_[index] = 0;
  --waiting_;
  const auto reason = record::ReasonOf(status);
  const bool walk_tells = reason == record::Reason::kOffsetOutOfRange;
  const bool cancelled = reason == record::Reason::kCallEnded;
  if (!status.ok() && !walk_tells && !cancelled && !end_.has_value()) {
    end_ = WithPartition(status, cursors_[index].partition());
  }
  CancelWaits();
  if (waiting_ > 0) return;
  if (end_.has_value() || time_is_up_) return Answer();
  Walk();
}

void FetchCall::CancelWaits() {
  for (size_t i = 0; i < tickets_.size(); ++i) {
    if (const uint64_t ticket = std::exchange(tickets_[i], 0); ticket != 0) {
      context_.broker.CancelFetch(topic_, cursors_[i].partition(), ticket);
    }
  }
}

void FetchCall::End(const absl::Status& status) {
  strand_.Post([self = shared_from_this(), status] {
    if (!self->end_.has_value()) self->end_ = status;
    self->CancelWaits();
  });
}

void FetchCall::Answer() {
  if (std::exchange(answered_, true)) return;
  timer_.Cancel();
  if (end_.has_value()) return finish_(ToGrpcStatus(*end_));
  for (const ReadCursor& cursor : cursors_) {
    if (!told_.contains(cursor.partition())) events_.push_back(cursor.Heartbeat(format_));
  }
  response_ = ToByteBuffer(EncodeFetchResponse(broker::FormatUuid(topic_->id), events_));
  finish_(grpc::Status::OK);
}

// What gRPC calls; lives until `OnDone`.
class FetchReactor final : public grpc::ServerUnaryReactor {
 public:
  FetchReactor(RpcContext& context, const absl::Cord& request, absl::Time deadline,
               grpc::ByteBuffer& response)
      : call_(std::make_shared<FetchCall>(
            context, response, [this](grpc::Status status) { Finish(std::move(status)); })) {
    call_->Start(request, deadline);
  }

  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override { delete this; }

 private:
  std::shared_ptr<FetchCall> call_;
};

}  // namespace

grpc::ServerUnaryReactor* StartFetch(RpcContext& context, const absl::Cord& request,
                                     absl::Time deadline, grpc::ByteBuffer& response) {
  return new FetchReactor(context, request, deadline, response);
}

}  // namespace leat::rpc
