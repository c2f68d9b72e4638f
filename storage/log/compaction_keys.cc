#include "storage/log/compaction_keys.h"

#include <algorithm>

namespace leat::log {
namespace {

constexpr size_t kBlockBytes = 64 << 10;

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
  if (key.size() > block_left_) {
    block_left_ = std::max(kBlockBytes, key.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_left_));
    block_at_ = blocks_.back().get();
  }
  char* const kept = block_at_;
  std::copy(key.begin(), key.end(), kept);
  block_at_ += key.size();
  block_left_ -= key.size();
  return {kept, key.size()};
}

}  // namespace leat::log
