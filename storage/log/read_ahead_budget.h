// How much memory the logs of a shard may together keep for reads that may go on: without a bound,
// a thousand partitions replayed at once would hold a thousand read-ahead buffers.
//
// Owned by the shard; its loop's thread only.

#ifndef LEAT_STORAGE_LOG_READ_AHEAD_BUDGET_H_
#define LEAT_STORAGE_LOG_READ_AHEAD_BUDGET_H_

#include <cstdint>
#include <utility>

namespace leat::log {

class ReadAheadBudget {
 public:
  // A part of the budget, given back by its end.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->used_bytes_ -= bytes_;
    }

    // Nothing was left.
    bool empty() const { return budget_ == nullptr; }

   private:
    friend class ReadAheadBudget;
    Share(ReadAheadBudget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}

    ReadAheadBudget* budget_ = nullptr;
    uint64_t bytes_ = 0;
  };

  explicit ReadAheadBudget(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  ReadAheadBudget(const ReadAheadBudget&) = delete;
  ReadAheadBudget& operator=(const ReadAheadBudget&) = delete;

  // An empty share when so much is not left. The budget must outlive its shares.
  Share Take(uint64_t bytes) {
    if (bytes > max_bytes_ - used_bytes_) return {};
    used_bytes_ += bytes;
    return {this, bytes};
  }

  uint64_t used_bytes() const { return used_bytes_; }

 private:
  const uint64_t max_bytes_;
  uint64_t used_bytes_ = 0;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_READ_AHEAD_BUDGET_H_
