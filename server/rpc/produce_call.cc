#include "server/rpc/produce_call.h"

#include <grpcpp/server_context.h>

#include <optional>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "server/rpc/produce_append.h"
#include "server/rpc/status.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

// Gone with its answer. gRPC's own reactor ends where it is finished, one of ours would on a thread
// more.
class ProduceCall {
 public:
  ProduceCall(RpcContext& context, grpc::ServerUnaryReactor& reactor, grpc::ByteBuffer& response)
      : context_(context), reactor_(reactor), response_(response) {}

  void Start(const absl::Cord& message) {
    auto request = Admit(message);
    if (!request.ok()) return Finish(request.status());
    if (!TakesLong(*request)) return Append(*request);
    context_.pool.Run([this, request = *std::move(request)] { Append(request); });
  }

 private:
  absl::StatusOr<ProduceRequest> Admit(const absl::Cord& message) {
    auto ticket = context_.calls.Enter();
    if (!ticket.ok()) return ticket.status();
    ticket_ = *std::move(ticket);
    charge_ = context_.produce_budget.TryAcquire(message.size());
    if (!charge_.has_value()) return BacklogFull();
    return ParseProduceRequest(message);
  }

  static absl::Status BacklogFull() {
    return record::MakeError(record::Reason::kBacklogFull,
                             "too many bytes of appends are in flight");
  }

  void Append(const ProduceRequest& request) {
    auto produce = Prepare(request, context_);
    if (!produce.ok()) return Finish(produce.status());
    if (!charge_->TryGrow(BytesBesidePayload(*produce))) return Finish(BacklogFull());
    AppendParts(context_.broker, *std::move(produce), [this](PlannedProduce done) {
      context_.pool.Run([this, done = std::move(done)] { Answer(done); });
    });
  }

  void Answer(const PlannedProduce& produce) {
    const auto response = ToResponse(produce);
    if (response.ok()) response_ = ToByteBuffer(absl::Cord(response->SerializeAsString()));
    Finish(response.status());
  }

  // The last act: what the call held is given back before its answer.
  void Finish(const absl::Status& status) {
    grpc::ServerUnaryReactor& reactor = reactor_;
    delete this;
    reactor.Finish(ToGrpcStatus(status));
  }

  RpcContext& context_;
  grpc::ServerUnaryReactor& reactor_;
  grpc::ByteBuffer& response_;
  Calls::Ticket ticket_;
  std::optional<ByteBudget::Charge> charge_;
};

}  // namespace

grpc::ServerUnaryReactor* StartProduce(RpcContext& context, grpc::CallbackServerContext& call,
                                       const absl::Cord& request, grpc::ByteBuffer& response) {
  grpc::ServerUnaryReactor* const reactor = call.DefaultReactor();
  (new ProduceCall(context, *reactor, response))->Start(request);
  return reactor;
}

}  // namespace leat::rpc
