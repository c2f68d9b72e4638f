#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bench/load/batch_maker.h"
#include "bench/load/channel.h"
#include "bench/load/load_consumer.h"
#include "bench/load/read_head.h"
#include "client/grpc_status.h"
#include "leat/v1/log.pb.h"
#include "storage/record/batch.h"

namespace leat::bench {
namespace {

constexpr absl::Duration kSilence = absl::Seconds(30);
constexpr uint32_t kMaxMessageBytes = 64 << 20;

// CRC-32C of a message from `position` on.
uint32_t CrcFrom(const std::vector<grpc::Slice>& slices, size_t position) {
  uint32_t crc = 0;
  for (const grpc::Slice& slice : slices) {
    const size_t skipped = std::min(position, slice.size());
    position -= skipped;
    crc = record::Crc32c(
        {reinterpret_cast<const char*>(slice.begin()) + skipped, slice.size() - skipped}, crc);
  }
  return crc;
}

class BatchConsumer;

// One Read call.
class ReadCall : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit ReadCall(BatchConsumer& owner) : owner_(owner) {}

  void Begin(RawStub& stub, const v1::ReadRequest& request) {
    grpc::Slice slice(request.SerializeAsString());
    request_ = grpc::ByteBuffer(&slice, 1);
    stub.PrepareBidiStreamingCall(&context_, "/leat.v1.LogService/Read", {}, this);
    StartWriteLast(&request_, {});
    StartRead(&message_);
    StartCall();
  }
  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  BatchConsumer& owner_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
};

class BatchConsumer : public LoadConsumer {
 public:
  BatchConsumer(const LoadSettings& settings, MeasuredTime time, ReadPlan plan)
      : settings_(settings),
        plan_(std::move(plan)),
        stub_(OwnChannel(settings.address)),
        next_(plan_.from),
        meter_(time) {}

  void Start() override {
    absl::MutexLock lock(&mutex_);
    BeginPass();
  }

  void Stop() override {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (call_ != nullptr) call_->Cancel();
  }

  absl::Status Await(const std::vector<int64_t>& to) override {
    absl::MutexLock lock(&mutex_);
    awaited_ = to;
    uint64_t seen = 0;
    do {
      seen = messages_;
      mutex_.AwaitWithTimeout(absl::Condition(this, &BatchConsumer::IsThere), kSilence);
    } while (!IsThere() && messages_ != seen);
    if (!IsThere()) {
      failure_.Update(absl::UnavailableError("nothing more came for 30 s"));
    }
    stopping_ = true;
    if (call_ != nullptr) call_->Cancel();
    mutex_.Await(absl::Condition(
        +[](BatchConsumer* self) {
          self->mutex_.AssertHeld();
          return self->ended_;
        },
        this));
    return failure_;
  }

  const Meter& meter() const override { return meter_; }

  // Takes a message; false when the call is of no more use.
  bool Take(const grpc::ByteBuffer& message) {
    absl::MutexLock lock(&mutex_);
    ++messages_;
    failure_.Update(Check(message));
    return failure_.ok();
  }

  void OnCallEnded(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (!stopping_ && !status.ok()) failure_.Update(client::FromGrpcStatus(status));
    const bool followed = plan_.mode == ReadPlan::Mode::kFollow;
    if (!stopping_ && failure_.ok() && (followed || next_ != plan_.to)) {
      failure_.Update(absl::DataLossError("a read ended before the end of what was to be read"));
    }
    ended_ = stopping_ || !failure_.ok() || plan_.mode != ReadPlan::Mode::kRepeat;
    if (!ended_) BeginPass();
  }

 private:
  void BeginPass() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    v1::ReadRequest request;
    request.set_topic(settings_.topic);
    for (uint32_t i = 0; i < plan_.from.size(); ++i) {
      v1::PartitionRead& read = *request.add_partitions();
      read.set_partition(i);
      read.mutable_start()->set_offset(plan_.from[i]);
      if (plan_.mode != ReadPlan::Mode::kFollow) read.mutable_end()->set_offset(plan_.to[i]);
    }
    request.mutable_accept_batches()->set_max_message_bytes(kMaxMessageBytes);
    next_ = plan_.from;
    finished_calls_ = std::move(call_);
    call_ = std::make_unique<ReadCall>(*this);
    call_->Begin(stub_, request);
  }

  absl::Status Check(const grpc::ByteBuffer& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<grpc::Slice> slices;
    if (!message.Dump(&slices).ok()) return absl::DataLossError("a message cannot be read");
    const std::string front = FrontOf(slices, kReadHeadBytes);
    const std::optional<ReadHead> head = ParseReadHead(front, message.Length());
    if (!head.has_value()) return absl::DataLossError("a message cannot be read");
    if (head->event == ReadHead::Event::kOther) {
      return absl::DataLossError("records are gone, or came as chunks");
    }
    if (head->event != ReadHead::Event::kBatch) return absl::OkStatus();
    const Nanos now = SteadyNow();
    meter_.Count(now, {head->record_count, uint64_t{head->record_count} * plan_.value_bytes});
    if (plan_.stamp_position.has_value() &&
        *plan_.stamp_position + head->payload_position + kStampBytes <= front.size()) {
      meter_.Time(ReadStamp(front.substr(head->payload_position + *plan_.stamp_position)), now);
    }
    return CheckBatch(*head, CrcFrom(slices, head->payload_position));
  }

  absl::Status CheckBatch(const ReadHead& head, uint32_t crc)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto where = [&head] {
      return absl::StrCat(" at offset ", head.base_offset, " of partition ", head.partition);
    };
    if (crc != head.payload_crc32c) return absl::DataLossError("wrong checksum" + where());
    if (settings_.checks == Checks::kOff) return absl::OkStatus();
    if (crc != plan_.payload_crc32c.value_or(crc)) {
      return absl::DataLossError("other records than were sent" + where());
    }
    if (head.partition >= next_.size()) return absl::DataLossError("no such partition" + where());
    int64_t& next = next_[head.partition];
    // A topic that was trimmed may begin inside a batch.
    const bool reaches = head.base_offset <= next && head.base_offset + head.record_count > next;
    const bool first = next == plan_.from[head.partition];
    if (first ? !reaches : head.base_offset != next) {
      return absl::DataLossError(
          absl::StrCat("a batch that does not follow on offset ", next, where()));
    }
    next = head.base_offset + head.record_count;
    return absl::OkStatus();
  }

  bool IsThere() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_ || !failure_.ok()) return true;
    return plan_.mode == ReadPlan::Mode::kFollow && next_ == awaited_;
  }

  const LoadSettings settings_;
  const ReadPlan plan_;
  RawStub stub_;
  absl::Mutex mutex_;
  std::vector<int64_t> next_ ABSL_GUARDED_BY(mutex_);  // By partition.
  std::vector<int64_t> awaited_ ABSL_GUARDED_BY(mutex_);
  uint64_t messages_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<ReadCall> call_ ABSL_GUARDED_BY(mutex_);
  // The one before it, which may still be returning from its last callback.
  std::unique_ptr<ReadCall> finished_calls_ ABSL_GUARDED_BY(mutex_);
  Meter meter_;
};

void ReadCall::OnReadDone(bool ok) {
  if (!ok) return;
  if (owner_.Take(message_)) {
    StartRead(&message_);
  } else {
    context_.TryCancel();
  }
}

void ReadCall::OnDone(const grpc::Status& status) { owner_.OnCallEnded(status); }

}  // namespace

std::unique_ptr<LoadConsumer> MakeBatchConsumer(const LoadSettings& settings, MeasuredTime time,
                                                ReadPlan plan) {
  return std::make_unique<BatchConsumer>(settings, time, std::move(plan));
}

}  // namespace leat::bench
