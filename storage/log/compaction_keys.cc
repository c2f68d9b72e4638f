#include "storage/log/compaction_keys.h"

#include <algorithm>
#include <utility>

namespace leat::log {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
// A larger one has a block of its own, so that what is left free of the others stays small.
constexpr size_t kSharedKeyBytesMax = kBlockBytes / 8;

}  // namespace

bool CompactionKeys::Add(std::string_view key, record::Offset offset) {
  if (const auto known = offsets_.find(key); known != offsets_.end()) {
    known->second = offset;
    return true;
  }
  const size_t bytes = bytes_ + key.size() + kKeyOverheadBytes;
  if (!empty() && bytes > budget_bytes_) return false;
  bytes_ = bytes;
  offsets_.emplace(Keep(key), offset);
  return true;
}

std::optional<record::Offset> CompactionKeys::Find(std::string_view key) const {
  const auto known = offsets_.find(key);
  if (known == offsets_.end()) return std::nullopt;
  return known->second;
}

std::string_view CompactionKeys::Keep(std::string_view key) {
  char* const kept = key.size() > kSharedKeyBytesMax ? NewBlock(key.size()) : Reserve(key.size());
  std::copy(key.begin(), key.end(), kept);
  return {kept, key.size()};
}

char* CompactionKeys::Reserve(size_t bytes) {
  if (bytes > block_left_) {
    block_at_ = NewBlock(kBlockBytes);
    block_left_ = kBlockBytes;
  }
  block_left_ -= bytes;
  return std::exchange(block_at_, block_at_ + bytes);
}

char* CompactionKeys::NewBlock(size_t bytes) {
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
  return blocks_.back().get();
}

}  // namespace leat::log
