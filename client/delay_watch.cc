#include "client/delay_watch.h"

#include <utility>

#include "storage/record/error.h"

namespace leat::client {
namespace {

// Shorter ones pass unnoticed.
constexpr absl::Duration kPatience = absl::Seconds(1);

bool IsSame(const absl::Status& a, const absl::Status& b) {
  return a.code() == b.code() && record::ReasonOf(a) == record::ReasonOf(b);
}

}  // namespace

bool DelayWatch::Look(const absl::Status& obstacle, absl::Time now) {
  if (!IsSame(obstacle, obstacle_)) {
    obstacle_ = obstacle;
    since_ = now;
    told_ = false;
  }
  if (obstacle_.ok() || now < since_ + kPatience) return false;
  return !std::exchange(told_, true);
}

}  // namespace leat::client
