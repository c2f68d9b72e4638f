// Where the records of a serialized set lie and which offsets they have: the outermost structure,
// without a look into the records.
//
// Reads what protobuf libraries write: all records, then the offset deltas of a sparse set, then
// fields of later versions, if any.

#ifndef LEAT_STORAGE_RECORD_RECORD_SET_INDEX_H_
#define LEAT_STORAGE_RECORD_RECORD_SET_INDEX_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace leat::record {

class RecordSetIndex {
 public:
  // DATA_LOSS when `set` is malformed, 2^31 bytes or longer, or when its deltas do not fit its
  // records.
  static absl::StatusOr<RecordSetIndex> Build(std::string_view set);

  uint32_t record_count() const { return static_cast<uint32_t>(ends_.size()); }
  bool sparse() const { return !offset_deltas_.empty(); }

  // Where the element of record `i` (tag, length and content) ends in the set, and where it begins:
  // at the end of the one before.
  uint32_t end(uint32_t i) const { return ends_[i]; }
  uint32_t begin(uint32_t i) const { return i == 0 ? 0 : ends_[i - 1]; }

  uint32_t offset_delta(uint32_t i) const { return sparse() ? offset_deltas_[i] : i; }

  // The first record with an offset delta of at least `offset_delta`; `record_count()` when there
  // is none.
  uint32_t LowerBound(uint32_t offset_delta) const;

 private:
  RecordSetIndex() = default;

  std::vector<uint32_t> ends_;
  std::vector<uint32_t> offset_deltas_;  // Empty when the set is dense.
};

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_RECORD_SET_INDEX_H_
