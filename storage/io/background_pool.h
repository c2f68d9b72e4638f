// Threads for work that blocks: what `EventLoop::Offload` runs on, and the reads and writes of
// `PosixEventLoop`.
//
// Shared by the loops of a server, each of which keeps it alive. Thread safety: any thread may call
// `Run`.

#ifndef LEAT_STORAGE_IO_BACKGROUND_POOL_H_
#define LEAT_STORAGE_IO_BACKGROUND_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/io/event_loop.h"

namespace leat::io {

class BackgroundPool {
 public:
  explicit BackgroundPool(size_t threads);

  // Runs what was given before, then ends the threads. Not to be called on one of them.
  ~BackgroundPool();

  BackgroundPool(const BackgroundPool&) = delete;
  BackgroundPool& operator=(const BackgroundPool&) = delete;

  // Runs `task` on one of the threads, begun in the order given.
  void Run(Task task);

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // Guarded by mutex_, as is the next.
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_BACKGROUND_POOL_H_
