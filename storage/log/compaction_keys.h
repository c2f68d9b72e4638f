// The last offset of each key in a stretch of a log, within a budget of memory.
//
// Keys are kept whole: no two of them are ever taken for one. Memory only; one thread at a time.

#ifndef LEAT_STORAGE_LOG_COMPACTION_KEYS_H_
#define LEAT_STORAGE_LOG_COMPACTION_KEYS_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "storage/record/ids.h"

namespace leat::log {

class CompactionKeys {
 public:
  // What a key costs besides its bytes: its place in a hash table that is just growing.
  static constexpr size_t kKeyOverheadBytes = 88;

  explicit CompactionKeys(size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  CompactionKeys(const CompactionKeys&) = delete;
  CompactionKeys& operator=(const CompactionKeys&) = delete;

  // Notes that the record at `offset` has `key`; offsets come in order. False, and no change, when
  // another key would exceed the budget; the first one never does.
  bool Add(std::string_view key, record::Offset offset);

  // The last offset given for `key`.
  std::optional<record::Offset> Find(std::string_view key) const;

  bool empty() const { return offsets_.empty(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Hash {
    size_t operator()(std::string_view key) const {
      return absl::Hash<absl::string_view>()(absl::string_view(key.data(), key.size()));
    }
  };

  std::string_view Keep(std::string_view key);
  char* Reserve(size_t bytes);
  char* NewBlock(size_t bytes);

  const size_t budget_bytes_;
  size_t bytes_ = 0;
  absl::flat_hash_map<std::string_view, record::Offset, Hash> offsets_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // Of the keys' bytes.
  char* block_at_ = nullptr;                     // Free bytes of the block that is being filled,
  size_t block_left_ = 0;                        // and how many.
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_COMPACTION_KEYS_H_
