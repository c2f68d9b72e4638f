// When a producer's user is told what holds records up: after a second, once for each obstacle.
// Pure. Internal; the producer's thread.

#ifndef LEAT_CLIENT_DELAY_WATCH_H_
#define LEAT_CLIENT_DELAY_WATCH_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace leat::client {

class DelayWatch {
 public:
  // Whether `obstacle`, which is OK when there is none, is to be told now. Two are the same when
  // their code and reason are: messages may count.
  bool Look(const absl::Status& obstacle, absl::Time now);

 private:
  absl::Status obstacle_;
  absl::Time since_;
  bool told_ = false;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_DELAY_WATCH_H_
