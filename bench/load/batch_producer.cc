#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bench/load/batch_ledger.h"
#include "bench/load/batch_maker.h"
#include "bench/load/channel.h"
#include "bench/load/load_producer.h"
#include "bench/load/pacer.h"
#include "client/grpc_status.h"
#include "client/status.h"
#include "leat/v1/log.pb.h"

namespace leat::bench {
namespace {

constexpr absl::Duration kLastAnswers = absl::Seconds(30);

// What the two ways of sending share: batches are sent as they become due and slots become free.
class BatchProducer : public LoadProducer {
 public:
  BatchProducer(const LoadSettings& settings, MeasuredTime time, const Schedule& schedule,
                AnswerOrder order)
      : schedule_(schedule),
        maker_(settings),
        stub_(OwnChannel(settings.address)),
        ledger_(settings, time, schedule, order) {}

  void Start() override {
    Begin();
    pacer_.emplace(schedule_, [this] {
      absl::MutexLock lock(&mutex_);
      SendDue();
    });
  }

  void Stop() override {
    absl::MutexLock lock(&mutex_);
    ledger_.Stop();
    SendDue();
  }

  absl::Status Await() override {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](BatchProducer* self) {
          self->mutex_.AssertHeld();
          return self->ledger_.over();
        },
        this));
    const absl::Condition ended(
        +[](BatchProducer* self) {
          self->mutex_.AssertHeld();
          return self->ended_;
        },
        this);
    if (!mutex_.AwaitWithTimeout(ended, kLastAnswers)) {
      ledger_.Fail(absl::UnavailableError("not all requests were answered within 30 s"));
      CancelAll();
      mutex_.Await(ended);
    }
    return ledger_.failure();
  }

  const Meter& meter() const override { return ledger_.meter(); }
  const OffsetTiling& tiling() const override { return ledger_.tiling(); }

 protected:
  virtual void Begin() = 0;
  // Whether another batch can be handed to gRPC now; hands one over.
  virtual bool CanSend() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) = 0;
  virtual void Send(const BatchLedger::Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) = 0;
  // Nothing more will be sent. Called again and again.
  virtual void End() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) = 0;
  virtual void CancelAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) = 0;

  void SendDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (CanSend()) {
      const std::optional<BatchLedger::Batch> batch = ledger_.Next();
      if (!batch.has_value()) break;
      Send(*batch);
    }
    if (ledger_.over() && CanSend()) End();
  }

  const Schedule schedule_;
  const BatchMaker maker_;
  RawStub stub_;
  absl::Mutex mutex_;
  BatchLedger ledger_;  // Its meter may be read without the lock.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // The last member: its thread uses the others.
  std::optional<Pacer> pacer_;
};

// On one ProduceStream. gRPC takes one message at a time.
class StreamProducer : public BatchProducer,
                       public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  StreamProducer(const LoadSettings& settings, MeasuredTime time, const Schedule& schedule)
      : BatchProducer(settings, time, schedule, AnswerOrder::kAsSent) {}
  ~StreamProducer() override { pacer_.reset(); }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (ok) SendDue();
  }

  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    if (!ok) {
      reads_ended_ = true;
      return RemoveHold();
    }
    Take();
    SendDue();
    StartRead(&answer_);
  }

  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    if (!status.ok()) ledger_.Fail(client::FromGrpcStatus(status));
    if (ledger_.in_flight() > 0 || !half_closed_) {
      ledger_.Fail(absl::UnavailableError("the server ended the stream before it had answered"));
    }
    ledger_.Stop();
    ended_ = true;
  }

 private:
  void Begin() override {
    stub_.PrepareBidiStreamingCall(&context_, "/leat.v1.LogService/ProduceStream", {}, this);
    AddHold();  // Writes are also started from OnReadDone and by the pacer.
    StartRead(&answer_);
    {
      absl::MutexLock lock(&mutex_);
      SendDue();
    }
    StartCall();
  }

  bool CanSend() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !writing_ && !half_closed_ && !reads_ended_;
  }

  void Send(const BatchLedger::Batch& batch) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    request_ = maker_.StreamRequest(batch.slot, batch.partition, batch.intended);
    writing_ = true;
    StartWrite(&request_);
  }

  void End() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    half_closed_ = true;
    StartWritesDone();
  }

  void CancelAll() override { context_.TryCancel(); }

  void Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    v1::ProduceStreamResponse response;
    if (!ParseBytes(answer_, &response)) {
      ledger_.Fail(absl::DataLossError("an answer cannot be read"));
    } else if (response.has_error()) {
      ledger_.Fail(client::FromRpcStatus(response.error()));
    } else {
      ledger_.Answer(static_cast<uint32_t>(response.request_id()), response.produced());
    }
  }

  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// Each batch a call of its own.
class UnaryProducer : public BatchProducer {
 public:
  UnaryProducer(const LoadSettings& settings, MeasuredTime time, const Schedule& schedule)
      : BatchProducer(settings, time, schedule, AnswerOrder::kAny), calls_(settings.window) {}
  ~UnaryProducer() override { pacer_.reset(); }

 private:
  struct Call {
    std::optional<grpc::ClientContext> context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };

  void Begin() override {
    absl::MutexLock lock(&mutex_);
    SendDue();
  }

  bool CanSend() const override { return true; }

  void Send(const BatchLedger::Batch& batch) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Call& call = calls_[batch.slot];
    call.context.emplace();
    call.context->set_wait_for_ready(false);
    call.request = maker_.UnaryRequest(batch.partition, batch.intended);
    stub_.UnaryCall(
        &*call.context, "/leat.v1.LogService/Produce", {}, &call.request, &call.response,
        [this, slot = batch.slot](const grpc::Status& status) { OnAnswer(slot, status); });
  }

  void OnAnswer(uint32_t slot, const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    v1::ProduceResponse response;
    if (!status.ok()) ledger_.Fail(client::FromGrpcStatus(status));
    if (status.ok() && !ParseBytes(calls_[slot].response, &response)) {
      ledger_.Fail(absl::DataLossError("an answer cannot be read"));
    }
    ledger_.Answer(slot, response);
    SendDue();
  }

  void End() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { ended_ = ledger_.in_flight() == 0; }

  void CancelAll() override {
    for (Call& call : calls_) {
      if (call.context.has_value()) call.context->TryCancel();
    }
  }

  std::vector<Call> calls_;
};

}  // namespace

std::unique_ptr<LoadProducer> MakeBatchProducer(const LoadSettings& settings, MeasuredTime time,
                                                Schedule schedule) {
  if (settings.via == Via::kUnary) {
    return std::make_unique<UnaryProducer>(settings, time, schedule);
  }
  return std::make_unique<StreamProducer>(settings, time, schedule);
}

}  // namespace leat::bench
