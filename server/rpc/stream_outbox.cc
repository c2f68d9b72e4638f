#include "server/rpc/stream_outbox.h"

#include <utility>

#include "server/rpc/byte_buffer.h"

namespace leat::rpc {

void StreamOutbox::Send(const absl::Cord& message, std::shared_ptr<void> held) {
  Message queued{ToByteBuffer(message), message.size(), std::move(held)};
  {
    absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    queued_bytes_ += queued.size;
    queue_.push_back(std::move(queued));
  }
  Advance();
}

void StreamOutbox::Finish(grpc::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    end_ = std::move(status);
  }
  Advance();
}

void StreamOutbox::Abort(grpc::Status status) {
  std::deque<Message> dropped;  // Destroyed without the lock.
  {
    absl::MutexLock lock(&mutex_);
    end_ = std::move(
        status);  // Even after `Finish`: an end in good order must not stand for what is dropped.
    const size_t kept = writing_ ? 1 : 0;
    while (queue_.size() > kept) {
      queued_bytes_ -= queue_.back().size;
      dropped.push_back(std::move(queue_.back()));
      queue_.pop_back();
    }
  }
  Advance();
}

void StreamOutbox::OnWriteDone(bool ok) {
  std::optional<Message> written;
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    queued_bytes_ -= queue_.front().size;
    written = std::move(queue_.front());
    queue_.pop_front();
  }
  written.reset();
  ok ? Advance() : Abort(grpc::Status::CANCELLED);
}

void StreamOutbox::WhileOpen(absl::FunctionRef<void()> call) {
  absl::MutexLock lock(&mutex_);
  if (!finished_) call();
}

StreamOutbox::Load StreamOutbox::load() const {
  absl::MutexLock lock(&mutex_);
  return {queue_.size(), queued_bytes_};
}

// The reactor is called without the lock: a write may do all its work at once. Only one write, and
// after it one end, can be under way, so nothing overtakes.
void StreamOutbox::Advance() {
  const grpc::ByteBuffer* write = nullptr;
  grpc::WriteOptions options;
  std::optional<grpc::Status> end;
  {
    absl::MutexLock lock(&mutex_);
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      writing_ = true;
      write = &queue_.front().bytes;
      // gRPC may wait for the next message and send the two together.
      if (queue_.size() > 1) options.set_buffer_hint();
    } else if (end_.has_value()) {
      finished_ = true;
      end = *end_;
    }
  }
  if (write != nullptr) reactor_.start_write(write, options);
  if (end.has_value()) reactor_.finish(*std::move(end));
}

}  // namespace leat::rpc
