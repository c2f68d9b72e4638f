// How much memory one read stream may hold: a few fetches' worth, as far as the budget for all
// reads has room.
//
// Owned by a stream; `TryHold` on its strand, the holds die on any thread.

#ifndef LEAT_SERVER_RPC_READ_ALLOWANCE_H_
#define LEAT_SERVER_RPC_READ_ALLOWANCE_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "server/rpc/byte_budget.h"
#include "server/rpc/read_cursor.h"

namespace leat::rpc {

class ReadAllowance {
 public:
  // The least a fetch asks for, and the most while the budget is used up; one batch may be larger.
  static constexpr size_t kLeanFetchBytes = 64 << 10;

  // So many fetches' worth of bytes may be held: two are being written, one waits, one is on its
  // way.
  static constexpr size_t kMaxFetchesHeld = 4;

  explicit ReadAllowance(ByteBudget& budget) : budget_(budget) {}

  // What one fetch of this stream asks for; at least `kLeanFetchBytes`.
  void set_fetch_bytes(size_t bytes);
  size_t fetch_bytes() const { return fetch_bytes_; }

  // For `bytes` that are to be fetched, or were fetched. Null when the stream holds enough, or the
  // budget is used up. A stream that holds nothing always gets something, though perhaps for
  // `kLeanFetchBytes` only: so no stream, however slow, can stop another.
  std::shared_ptr<ReadHold> TryHold(size_t bytes);

 private:
  ByteBudget& budget_;
  std::atomic<size_t> fetch_bytes_ = kLeanFetchBytes;
  const std::shared_ptr<std::atomic<size_t>> held_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_READ_ALLOWANCE_H_
