#include "server/rpc/read_allowance.h"

#include <algorithm>
#include <utility>

namespace leat::rpc {

void ReadAllowance::set_fetch_bytes(size_t bytes) {
  fetch_bytes_ = std::max(bytes, kLeanFetchBytes);
}

std::shared_ptr<ReadHold> ReadAllowance::TryHold(size_t bytes) {
  const size_t held = *held_;
  if (held > 0 && held + bytes > kMaxFetchesHeld * fetch_bytes_) return nullptr;
  auto charge = budget_.TryAcquire(bytes);
  if (!charge.has_value()) {
    if (held > 0) return nullptr;
    charge = budget_.AcquireAnyway(std::min(bytes, kLeanFetchBytes));
  }
  return std::make_shared<ReadHold>(*std::move(charge), held_);
}

}  // namespace leat::rpc
