#include "server/rpc/produce_call.h"

#include <optional>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "server/rpc/produce_append.h"
#include "server/rpc/status.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

class ProduceCall final : public grpc::ServerUnaryReactor {
 public:
  ProduceCall(RpcContext& context, grpc::ByteBuffer& response)
      : context_(context), response_(response) {}

  void Start(const absl::Cord& message) {
    auto request = Admit(message);
    if (!request.ok()) return Finish(ToGrpcStatus(request.status()));
    if (!TakesLong(*request)) return Append(*request);
    context_.pool.Run([this, request = *std::move(request)] { Append(request); });
  }

  void OnDone() override { delete this; }

 private:
  absl::StatusOr<ProduceRequest> Admit(const absl::Cord& message) {
    auto ticket = context_.calls.Enter();
    if (!ticket.ok()) return ticket.status();
    ticket_ = *std::move(ticket);
    charge_ = context_.produce_budget.TryAcquire(message.size());
    if (!charge_.has_value()) {
      return record::MakeError(record::Reason::kBacklogFull,
                               "too many bytes of appends are in flight");
    }
    return ParseProduceRequest(message);
  }

  void Append(const ProduceRequest& request) {
    auto produce = Prepare(request, context_);
    if (!produce.ok()) return Finish(ToGrpcStatus(produce.status()));
    AppendParts(context_.broker, *std::move(produce), [this](PlannedProduce done) {
      context_.pool.Run([this, done = std::move(done)] { Answer(done); });
    });
  }

  void Answer(const PlannedProduce& produce) {
    charge_.reset();
    const auto response = ToResponse(produce);
    if (response.ok()) response_ = ToByteBuffer(absl::Cord(response->SerializeAsString()));
    Finish(ToGrpcStatus(response.status()));
  }

  RpcContext& context_;
  grpc::ByteBuffer& response_;
  Calls::Ticket ticket_;
  std::optional<ByteBudget::Charge> charge_;
};

}  // namespace

grpc::ServerUnaryReactor* StartProduce(RpcContext& context, const absl::Cord& request,
                                       grpc::ByteBuffer& response) {
  auto* call = new ProduceCall(context, response);
  call->Start(request);
  return call;
}

}  // namespace leat::rpc
