#include "server/rpc/produce_stream.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/rpc/answer_order.h"
#include "server/rpc/byte_buffer.h"
#include "server/rpc/partition_halts.h"
#include "server/rpc/produce_append.h"
#include "server/rpc/produce_request.h"
#include "server/rpc/status.h"
#include "server/rpc/stream_outbox.h"
#include "server/rpc/stream_reactor.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using ByteReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// A stream reads on below these; so the last request may go over the second by one message. Answers
// that were not sent count too: one tells of each of its records where they went.
constexpr size_t kMaxRequestsInFlight = 1'024;
constexpr size_t kMaxBytesInFlight = 16 << 20;

// A message as it came, parsed.
struct Incoming {
  ProduceStreamRequest stream;
  absl::StatusOr<ProduceRequest> produce;
  size_t bytes = 0;
};

// What is remembered of a request while its append is under way.
struct InFlight {
  uint64_t request_id;
  bool unordered;
  AnswerOrder::Entry* entry;
  ByteBudget::Charge charge;
};

// gRPC lets go of answers that have come and were not taken yet when a stream ends with an error.
// So a server that stops ends it well: what is not answered then was not taken.
grpc::Status EndOf(const absl::Status& why) {
  const bool stopping = record::ReasonOf(why) == record::Reason::kServerStopping;
  return stopping ? grpc::Status::OK : ToGrpcStatus(why);
}

class ProduceStream : public std::enable_shared_from_this<ProduceStream> {
 public:
  ProduceStream(RpcContext& context, StreamOutbox::Reactor reactor,
                std::function<void()> start_read)
      : context_(context),
        start_read_(std::move(start_read)),
        outbox_(std::move(reactor)),
        order_([this](const absl::Cord& answer) { outbox_.Send(answer); }),
        strand_(context.pool) {}

  void Start();
  void OnMessage(const absl::Cord& message);
  void OnHalfClose();
  void OnWriteDone(bool ok);
  void OnCancel() { outbox_.Abort(grpc::Status::CANCELLED); }

 private:
  void Admit(Incoming message);
  void Handle(Incoming message, ByteBudget::Charge charge);
  absl::StatusOr<PlannedProduce> Plan(const Incoming& message);
  void HaltParts(const Incoming& message, PlannedProduce& produce);
  void Refuse(const Incoming& message, const absl::Status& status);
  void Append(const Incoming& message, PlannedProduce produce, ByteBudget::Charge charge);
  void OnAppended(InFlight request, PlannedProduce produce);
  void OnPartFailed(const InFlight& request, const broker::Topic& topic, PartOutcome& outcome);
  void Answer(AnswerOrder::Entry* entry, uint64_t request_id,
              const absl::StatusOr<v1::ProduceResponse>& response);
  bool HasRoom() const;
  void ReadOn();
  void FinishIfDrained();

  RpcContext& context_;
  const std::function<void()> start_read_;
  StreamOutbox outbox_;
  std::atomic<bool> paused_ = true;  // No read is under way. Set on the strand only.

  // On the strand.
  Calls::Ticket ticket_;
  AnswerOrder order_;
  PartitionHalts halts_;
  size_t bytes_in_flight_ = 0;
  bool waiting_for_budget_ = false;
  std::optional<absl::Status> end_;  // No more requests come or are taken; ends so when drained.

  Strand strand_;
};

void ProduceStream::Start() {
  auto ticket = context_.calls.Enter([weak = weak_from_this()] {
    if (auto self = weak.lock()) {
      self->strand_.Post([self] {
        if (!self->end_.has_value()) self->end_ = ServerStopping();
        self->FinishIfDrained();
      });
    }
  });
  if (!ticket.ok()) return outbox_.Abort(EndOf(ticket.status()));
  ticket_ = *std::move(ticket);
  strand_.Dispatch([self = shared_from_this()] { self->ReadOn(); });
}

// On gRPC's thread: reads the envelope, which is short work, to tell where the rest is to be done.
void ProduceStream::OnMessage(const absl::Cord& message) {
  auto stream = ParseProduceStreamRequest(message);
  if (!stream.ok()) {
    // Without an id there is nothing to answer under.
    strand_.Post([self = shared_from_this(), status = stream.status()] {
      self->end_ = status;
      self->FinishIfDrained();
    });
    return;
  }
  Incoming incoming{.produce = ParseProduceRequest(stream->produce), .bytes = message.size()};
  incoming.stream = *std::move(stream);
  incoming.stream.produce.Clear();
  const bool takes_long = incoming.produce.ok() && TakesLong(*incoming.produce);
  auto admit = [self = shared_from_this(), incoming = std::move(incoming)]() mutable {
    self->Admit(std::move(incoming));
  };
  takes_long ? strand_.Post(std::move(admit)) : strand_.Dispatch(std::move(admit));
}

void ProduceStream::OnHalfClose() {
  strand_.Post([self = shared_from_this()] {
    if (!self->end_.has_value()) self->end_ = absl::OkStatus();
    self->FinishIfDrained();
  });
}

void ProduceStream::OnWriteDone(bool ok) {
  outbox_.OnWriteDone(ok);
  if (paused_) strand_.Post([self = shared_from_this()] { self->ReadOn(); });
}

void ProduceStream::Admit(Incoming message) {
  bytes_in_flight_ += message.bytes;
  if (auto charge = context_.produce_budget.TryAcquire(message.bytes)) {
    return Handle(std::move(message), *std::move(charge));
  }
  waiting_for_budget_ = true;
  const size_t bytes = message.bytes;
  context_.produce_budget.Acquire(bytes, [self = shared_from_this(), message = std::move(message)](
                                             ByteBudget::Charge charge) mutable {
    Strand& strand = self->strand_;
    strand.Post([self = std::move(self), message = std::move(message),
                 charge = std::move(charge)]() mutable {
      self->waiting_for_budget_ = false;
      self->Handle(std::move(message), std::move(charge));
    });
  });
}

void ProduceStream::Handle(Incoming message, ByteBudget::Charge charge) {
  // gRPC reads the next message while this one is checked.
  paused_ = true;
  ReadOn();
  if (message.stream.resume_after.has_value()) halts_.Resume(*message.stream.resume_after);
  auto produce = Plan(message);
  if (!produce.ok()) {
    Refuse(message, produce.status());
  } else {
    charge.Resize(charge.bytes() + BytesBesidePayload(*produce));
    Append(message, *std::move(produce), std::move(charge));
  }
}

absl::StatusOr<PlannedProduce> ProduceStream::Plan(const Incoming& message) {
  if (end_.has_value() && !end_->ok()) return *end_;
  if (!message.produce.ok()) return message.produce.status();
  const ProduceRequest& request = *message.produce;
  if (!message.stream.unordered) {
    auto halted = halts_.Check(request.topic, request.partition);
    if (!halted.ok()) return halted;
  }
  auto produce = Prepare(request, context_);
  if (produce.ok() && !message.stream.unordered) HaltParts(message, *produce);
  return produce;
}

void ProduceStream::HaltParts(const Incoming& message, PlannedProduce& produce) {
  for (PartOutcome& outcome : produce.parts) {
    auto halted = halts_.Check(message.produce->topic, outcome.part.partition);
    if (!halted.ok()) outcome.result = std::move(halted);
  }
}

// The request fails as a whole, before any append.
void ProduceStream::Refuse(const Incoming& message, const absl::Status& status) {
  bytes_in_flight_ -= message.bytes;
  const std::string topic = message.produce.ok() ? message.produce->topic : "";
  const auto partition = message.produce.ok() ? message.produce->partition : std::nullopt;
  if (!message.stream.unordered && !IsEarlierRequestFailed(status)) {
    message.produce.ok() ? halts_.Halt(topic, partition, message.stream.request_id)
                         : halts_.HaltAll(message.stream.request_id);
  }
  std::vector<PartitionPlace> places;
  if (partition.has_value()) places.push_back({topic, *partition});
  Answer(order_.Enter(std::move(places)), message.stream.request_id, status);
}

void ProduceStream::Append(const Incoming& message, PlannedProduce produce,
                           ByteBudget::Charge charge) {
  std::vector<PartitionPlace> places;
  for (const PartOutcome& outcome : produce.parts) {
    places.push_back({produce.topic->name, outcome.part.partition});
  }
  InFlight request{message.stream.request_id, message.stream.unordered,
                   order_.Enter(std::move(places)), std::move(charge)};
  for (PartOutcome& outcome : produce.parts) {
    if (request.unordered) break;
    outcome.lane = order_.LaneOf({produce.topic->name, outcome.part.partition});
  }
  AppendParts(context_.broker, std::move(produce),
              [self = shared_from_this(), bytes = message.bytes,
               request = std::move(request)](PlannedProduce done) mutable {
                Strand& strand = self->strand_;
                strand.Post([self = std::move(self), bytes, request = std::move(request),
                             done = std::move(done)]() mutable {
                  self->bytes_in_flight_ -= bytes;
                  self->OnAppended(std::move(request), std::move(done));
                });
              });
}

void ProduceStream::OnAppended(InFlight request, PlannedProduce produce) {
  // What failed in its lane, and is to be named, may be answered later: once it is durable why.
  for (const PartOutcome& outcome : produce.parts) {
    if (request.unordered || outcome.appended() || outcome.lane->failed_request.has_value() ||
        !IsEarlierRequestFailed(outcome.result->status()) ||
        !record::MetadataOf(outcome.result->status()).empty()) {
      continue;
    }
    std::shared_ptr<ProduceLane> lane = outcome.lane;
    lane->behind.push_back([self = shared_from_this(), request = std::move(request),
                            produce = std::move(produce)]() mutable {
      self->OnAppended(std::move(request), std::move(produce));
    });
    return;
  }
  request.charge.Release();
  std::vector<absl::AnyInvocable<void() &&>> behind;
  for (PartOutcome& outcome : produce.parts) {
    if (request.unordered || outcome.appended()) continue;
    OnPartFailed(request, *produce.topic, outcome);
    std::move(outcome.lane->behind.begin(), outcome.lane->behind.end(), std::back_inserter(behind));
    outcome.lane->behind.clear();
  }
  Answer(request.entry, request.request_id, ToResponse(produce));
  for (auto& next : behind) std::move(next)();
}

// Of an ordered request. Those that were under way behind it fail in its lane, later ones are
// halted.
void ProduceStream::OnPartFailed(const InFlight& request, const broker::Topic& topic,
                                 PartOutcome& outcome) {
  std::optional<uint64_t>& first = outcome.lane->failed_request;
  if (!IsEarlierRequestFailed(outcome.result->status())) {
    if (!first.has_value()) first = request.request_id;
    halts_.Halt(topic.name, outcome.part.partition, request.request_id);
    order_.RenewLane({topic.name, outcome.part.partition});
  } else if (first.has_value()) {
    outcome.result = EarlierRequestFailed(*first);
  }
}

void ProduceStream::Answer(AnswerOrder::Entry* entry, uint64_t request_id,
                           const absl::StatusOr<v1::ProduceResponse>& response) {
  v1::ProduceStreamResponse answer;
  answer.set_request_id(request_id);
  if (response.ok()) {
    *answer.mutable_produced() = *response;
  } else {
    *answer.mutable_error() = ToRpcStatus(response.status());
  }
  order_.Answer(entry, absl::Cord(answer.SerializeAsString()));
  ReadOn();
  FinishIfDrained();
}

bool ProduceStream::HasRoom() const {
  const StreamOutbox::Load queued = outbox_.load();
  return order_.size() + queued.messages < kMaxRequestsInFlight &&
         bytes_in_flight_ + order_.held_bytes() + queued.bytes < kMaxBytesInFlight;
}

// `paused_` stands while the room is looked at, so that a write that ends meanwhile looks again.
void ProduceStream::ReadOn() {
  if (!paused_ || end_.has_value() || !HasRoom()) return;
  paused_ = false;
  outbox_.WhileOpen(start_read_);
}

void ProduceStream::FinishIfDrained() {
  if (!end_.has_value() || order_.size() > 0 || waiting_for_budget_) return;
  outbox_.Finish(EndOf(*end_));
}

class ProduceStreamReactor final : public StreamReactor<ByteReactor, ProduceStream> {
 public:
  explicit ProduceStreamReactor(RpcContext& context)
      : StreamReactor(context, [this] { StartRead(&message_); }) {
    stream().Start();
  }

  void OnReadDone(bool ok) override {
    ok ? stream().OnMessage(TakeCord(message_)) : stream().OnHalfClose();
  }

 private:
  grpc::ByteBuffer message_;
};

}  // namespace

ByteReactor* StartProduceStream(RpcContext& context) { return new ProduceStreamReactor(context); }

}  // namespace leat::rpc
