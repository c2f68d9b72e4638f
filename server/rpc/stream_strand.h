// The strand of a stream whose state has several parts: what runs on it keeps the whole stream.
//
// Owned by the stream's state, as its parts are; these may use it from any thread.

#ifndef LEAT_SERVER_RPC_STREAM_STRAND_H_
#define LEAT_SERVER_RPC_STREAM_STRAND_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "server/rpc/worker_pool.h"

namespace leat::rpc {

class StreamStrand {
 public:
  explicit StreamStrand(WorkerPool& pool) : strand_(pool) {}

  // To be called before anything else, once the state is held by shared pointers.
  void set_owner(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  // As `Strand`.
  template <typename F>
  void Post(F task) {
    strand_.Post([owner = owner_.lock(), task = std::move(task)]() mutable { task(); });
  }
  template <typename F>
  void Dispatch(F task) {
    strand_.Dispatch([owner = owner_.lock(), task = std::move(task)]() mutable { task(); });
  }

  // A callback for other threads that runs `handler(result)` on the strand.
  template <typename T, typename F>
  auto Callback(F handler) {
    return [this, owner = owner_.lock(), handler = std::move(handler)](T result) mutable {
      Strand& strand = strand_;
      strand.Post([owner = std::move(owner), handler = std::move(handler),
                   result = std::move(result)]() mutable { handler(std::move(result)); });
    };
  }

 private:
  std::weak_ptr<void> owner_;
  Strand strand_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_STREAM_STRAND_H_
