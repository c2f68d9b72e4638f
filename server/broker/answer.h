// A callback that is answered exactly once, come what may: one that goes away unanswered, with a
// task that a stopped loop would not take, gets kServerStopping, or kAppendOutcomeUnknown once an
// append was begun.
//
// Owned by whoever has the call at the moment; moves with it from thread to thread.

#ifndef LEAT_SERVER_BROKER_ANSWER_H_
#define LEAT_SERVER_BROKER_ANSWER_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/calls.h"
#include "storage/record/error.h"

namespace leat::broker {

inline absl::Status ServerStopping() {
  return record::MakeError(record::Reason::kServerStopping, "the server is stopping");
}

template <typename T>
class Answer {
 public:
  explicit Answer(Callback<T> done) : done_(std::move(done)) {}

  Answer(Answer&& other) noexcept
      : done_(std::exchange(other.done_, nullptr)), append_begun_(other.append_begun_) {}
  Answer& operator=(Answer&&) = delete;

  ~Answer() {
    if (done_) std::move(done_)(append_begun_ ? OutcomeUnknown() : ServerStopping());
  }

  // The append that is to be answered goes to its log.
  void BeginAppend() { append_begun_ = true; }

  // Callable once, as the callback is.
  void operator()(absl::StatusOr<T> result) && { std::exchange(done_, nullptr)(std::move(result)); }

 private:
  static absl::Status OutcomeUnknown() {
    return record::MakeError(record::Reason::kAppendOutcomeUnknown,
                             "the server stopped before it knew whether this became durable");
  }

  Callback<T> done_;
  bool append_begun_ = false;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_ANSWER_H_
