#include "client/raw_call.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/slice.h>

#include <atomic>
#include <deque>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "client/grpc_status.h"

namespace leat::client {
namespace {

// Messages that wait to be read before no more are fetched.
constexpr size_t kMaxFetchedMessages = 2;

grpc::ByteBuffer ToByteBuffer(RawMessage message) {
  grpc::Slice slices[2] = {grpc::Slice(message.head), grpc::Slice()};
  if (message.body == nullptr) return grpc::ByteBuffer(slices, 1);
  auto* body = new std::shared_ptr<const std::string>(std::move(message.body));
  slices[1] = grpc::Slice(
      const_cast<char*>((*body)->data()), (*body)->size(),
      [](void* held) { delete static_cast<std::shared_ptr<const std::string>*>(held); }, body);
  return grpc::ByteBuffer(slices, 2);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::string bytes;
  bytes.reserve(buffer.Length());
  std::vector<grpc::Slice> slices;
  // Dump fails only for compressed messages, which nobody sends here.
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

// gRPC calls the On* functions on threads of its own. The hold keeps `OnDone` back until the
// owner's thread, the only one that writes, knows of the end: no write can be begun on a call that
// is over.
class RawCall::Reactor : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Reactor(std::shared_ptr<const Connection> connection, std::shared_ptr<Wakeup> wakeup)
      : connection_(std::move(connection)), wakeup_(std::move(wakeup)) {}

  void Start(const char* method, absl::Time deadline) {
    if (deadline != absl::InfiniteFuture()) context_.set_deadline(absl::ToChronoTime(deadline));
    grpc::GenericStub(connection_->channel)
        .PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(), this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  bool CanWrite() const { return !writing_ && !reads_ended_; }

  void BeginWrite(RawMessage message, grpc::WriteOptions options) {
    writing_ = true;
    outgoing_ = ToByteBuffer(std::move(message));
    StartWrite(&outgoing_, options);
  }

  std::optional<std::string> Read() {
    grpc::ByteBuffer message;
    {
      absl::MutexLock lock(&mutex_);
      if (fetched_.empty()) return std::nullopt;
      message.Swap(&fetched_.front());
      fetched_.pop_front();
      if (std::exchange(fetching_paused_, false)) StartRead(&incoming_);
    }
    return ToString(message);
  }

  std::optional<absl::Status> Ended() {
    if (!reads_ended_) return std::nullopt;
    Release();
    absl::MutexLock lock(&mutex_);
    return fetched_.empty() ? status_ : std::nullopt;
  }

  void Cancel() { context_.TryCancel(); }

  void CancelAndWait() {
    context_.TryCancel();
    {
      // A paused fetch would keep the call from ending.
      absl::MutexLock lock(&mutex_);
      fetched_.clear();
      closing_ = true;
      if (std::exchange(fetching_paused_, false)) StartRead(&incoming_);
    }
    Release();
    done_.WaitForNotification();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      reads_ended_ = true;
    } else {
      absl::MutexLock lock(&mutex_);
      if (!closing_) fetched_.push_back(std::move(incoming_));
      incoming_.Clear();
      fetching_paused_ = fetched_.size() >= kMaxFetchedMessages;
      if (!fetching_paused_) StartRead(&incoming_);
    }
    wakeup_->Raise();
  }

  void OnWriteDone(bool /*ok*/) override {
    // When not ok the call is over, and OnReadDone says so too.
    writing_ = false;
    wakeup_->Raise();
  }

  void OnDone(const grpc::Status& status) override {
    {
      absl::MutexLock lock(&mutex_);
      status_ = FromGrpcStatus(status);
    }
    wakeup_->Raise();
    done_.Notify();
  }

 private:
  // Lets `OnDone` come. The owner's thread.
  void Release() {
    if (!std::exchange(released_, true)) RemoveHold();
  }

  const std::shared_ptr<const Connection> connection_;
  const std::shared_ptr<Wakeup> wakeup_;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  bool released_ = false;
  std::atomic<bool> writing_ = false;
  std::atomic<bool> reads_ended_ = false;
  absl::Notification done_;

  absl::Mutex mutex_;
  std::deque<grpc::ByteBuffer> fetched_ ABSL_GUARDED_BY(mutex_);
  bool fetching_paused_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);
};

RawCall::RawCall(std::shared_ptr<const Connection> connection, const char* method,
                 std::shared_ptr<Wakeup> wakeup, absl::Time deadline)
    : reactor_(std::make_unique<Reactor>(std::move(connection), std::move(wakeup))) {
  reactor_->Start(method, deadline);
}

RawCall::~RawCall() { reactor_->CancelAndWait(); }

bool RawCall::CanWrite() const { return reactor_->CanWrite(); }

void RawCall::Write(RawMessage message) {
  reactor_->BeginWrite(std::move(message), grpc::WriteOptions());
}

void RawCall::WriteLast(RawMessage message) {
  reactor_->BeginWrite(std::move(message), grpc::WriteOptions().set_last_message());
}

std::optional<std::string> RawCall::Read() { return reactor_->Read(); }

std::optional<absl::Status> RawCall::Ended() { return reactor_->Ended(); }

void RawCall::Cancel() { reactor_->Cancel(); }

}  // namespace leat::client
