#include "storage/io/background_pool.h"

#include <utility>

#include "storage/io/check.h"

namespace leat::io {

BackgroundPool::BackgroundPool(size_t threads) {
  LEAT_CHECK(threads > 0);
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

BackgroundPool::~BackgroundPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BackgroundPool::Run(Task task) {
  {
    const std::lock_guard lock(mutex_);
    LEAT_CHECK(!stopping_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void BackgroundPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      std::move(task)();
      // Destroyed before the lock is taken again: what it owns may be slow to go.
    }
    lock.lock();
  }
}

}  // namespace leat::io
