#include "server/rpc/worker_pool.h"

#include <utility>

namespace leat::rpc {

WorkerPool::WorkerPool(size_t threads) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Run(Task task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void WorkerPool::Work() {
  const auto wake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !tasks_.empty();
  };
  for (;;) {
    Task task;
    {
      absl::MutexLock lock(&mutex_, absl::Condition(&wake));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    std::move(task)();
  }
}

// Shared by the strand and the drain that is under way.
struct Strand::Queue : std::enable_shared_from_this<Queue> {
  explicit Queue(WorkerPool& pool) : pool(pool) {}

  // Runs a few tasks, so that no strand keeps a thread of the pool to itself, and goes on later
  // with the rest.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex) {
    constexpr int kTurn = 64;
    for (int i = 0; i < kTurn; ++i) {
      Task task;
      {
        absl::MutexLock lock(&mutex);
        if (tasks.empty()) {
          running = false;
          return;
        }
        task = std::move(tasks.front());
        tasks.pop_front();
      }
      std::move(task)();
    }
    Schedule();
  }

  void Schedule() {
    pool.Run([self = shared_from_this()] { self->Drain(); });
  }

  // After a task that ran on the caller's thread: what came meanwhile belongs to the pool.
  void HandOver() ABSL_LOCKS_EXCLUDED(mutex) {
    {
      absl::MutexLock lock(&mutex);
      if (tasks.empty()) {
        running = false;
        return;
      }
    }
    Schedule();
  }

  WorkerPool& pool;
  absl::Mutex mutex;
  std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
  bool running ABSL_GUARDED_BY(mutex) = false;
};

Strand::Strand(WorkerPool& pool) : queue_(std::make_shared<Queue>(pool)) {}

// A task may destroy its strand, at any moment from the time it is queued: hence the copies of
// `queue_`.

void Strand::Post(Task task) {
  const std::shared_ptr<Queue> queue = queue_;
  {
    absl::MutexLock lock(&queue->mutex);
    queue->tasks.push_back(std::move(task));
    if (std::exchange(queue->running, true)) return;
  }
  queue->Schedule();
}

void Strand::Dispatch(Task task) {
  const std::shared_ptr<Queue> queue = queue_;
  {
    absl::MutexLock lock(&queue->mutex);
    if (std::exchange(queue->running, true)) {
      queue->tasks.push_back(std::move(task));
      return;
    }
  }
  std::move(task)();
  queue->HandOver();
}

}  // namespace leat::rpc
