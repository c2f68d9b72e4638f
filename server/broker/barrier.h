// The end of work that is spread over threads: a task that runs when the last copy of its barrier
// has gone.
//
// Held by each part of the work for as long as it lasts. Any thread; the task runs on the thread
// that lets go last, so it usually posts to where it belongs.

#ifndef LEAT_SERVER_BROKER_BARRIER_H_
#define LEAT_SERVER_BROKER_BARRIER_H_

#include <memory>
#include <utility>

#include "storage/io/event_loop.h"

namespace leat::broker {

class Barrier {
 public:
  explicit Barrier(io::Task then) : end_(std::make_shared<End>(std::move(then))) {}

 private:
  struct End {
    explicit End(io::Task then) : then(std::move(then)) {}
    End(const End&) = delete;
    ~End() { std::move(then)(); }

    io::Task then;
  };

  std::shared_ptr<End> end_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_BARRIER_H_
