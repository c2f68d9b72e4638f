// What a stream still has to send. The only one to call `StartWrite` and `Finish` of its reactor:
// gRPC allows one write at a time and one end, and calls come from several threads.
//
// Owned by the stream's state, which the reactor and every callback under way hold; so it outlives
// `OnDone`. It calls nothing of the reactor after `Finish`. Any thread.

#ifndef LEAT_SERVER_RPC_STREAM_OUTBOX_H_
#define LEAT_SERVER_RPC_STREAM_OUTBOX_H_

#include <grpcpp/impl/call_op_set.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/cord.h"
#include "absl/synchronization/mutex.h"

namespace leat::rpc {

class StreamOutbox {
 public:
  // The two methods of the reactor.
  struct Reactor {
    std::function<void(const grpc::ByteBuffer*, grpc::WriteOptions)> start_write;
    std::function<void(grpc::Status)> finish;
  };

  explicit StreamOutbox(Reactor reactor) : reactor_(std::move(reactor)) {}

  // Queues a message. `held` lives until it was written or dropped. After the end messages are
  // dropped.
  void Send(const absl::Cord& message, std::shared_ptr<void> held = nullptr)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the stream once everything queued is written. The first end counts.
  void Finish(grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the stream as soon as the write under way is over; drops what is queued.
  void Abort(grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

  // From the reactor's `OnWriteDone`. After a failure the stream is aborted as cancelled.
  void OnWriteDone(bool ok) ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `call` while the reactor is certain to live, or not at all. For reading, which must not
  // be started on a stream that has ended.
  void WhileOpen(absl::FunctionRef<void()> call) ABSL_LOCKS_EXCLUDED(mutex_);

  struct Load {
    size_t messages = 0;
    size_t bytes = 0;
  };
  // What is queued, the message being written included.
  Load load() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Message {
    grpc::ByteBuffer bytes;
    size_t size;
    std::shared_ptr<void> held;
  };

  // Starts what is next, if anything is.
  void Advance() ABSL_LOCKS_EXCLUDED(mutex_);

  const Reactor reactor_;
  mutable absl::Mutex mutex_;
  std::deque<Message> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_STREAM_OUTBOX_H_
