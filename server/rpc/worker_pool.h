// A few threads for work too long for a shard's or gRPC's threads: checking records, compression,
// slicing, framing answers.
//
// `WorkerPool` is owned by `server::Server` and outlives every strand and every broker callback. A
// `Strand` runs the tasks given to it one after another, in order: each stream has one, so its
// state needs no lock. Both may be used from any thread.

#ifndef LEAT_SERVER_RPC_WORKER_POOL_H_
#define LEAT_SERVER_RPC_WORKER_POOL_H_

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace leat::rpc {

using Task = absl::AnyInvocable<void() &&>;

class WorkerPool {
 public:
  explicit WorkerPool(size_t threads);

  // Runs what was given, then joins the threads.
  ~WorkerPool();

  void Run(Task task) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Work();

  absl::Mutex mutex_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

class Strand {
 public:
  explicit Strand(WorkerPool& pool);

  // Runs `task` on the pool, after all that was given before. May be destroyed with tasks still to
  // run.
  void Post(Task task);

  // As `Post`, but runs `task` here and now when nothing is under way. For tasks short enough for
  // the calling thread, where a wake-up would cost more than they do.
  void Dispatch(Task task);

 private:
  struct Queue;

  std::shared_ptr<Queue> queue_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_WORKER_POOL_H_
