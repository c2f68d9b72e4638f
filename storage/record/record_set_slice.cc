#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/record/record_fields.h"
#include "storage/record/record_set.h"
#include "storage/record/record_set_index.h"
#include "storage/record/wire.h"

namespace leat::record {
namespace {

// A set in one piece: as it is when it lies so, else a copy to look things up in.
class FlatSet {
 public:
  explicit FlatSet(const absl::Cord& set) {
    if (const absl::optional<absl::string_view> flat = set.TryFlat(); flat.has_value()) {
      bytes_ = std::string_view(flat->data(), flat->size());
    } else {
      absl::CopyCordToString(set, &copy_);
      bytes_ = copy_;
    }
  }
  FlatSet(const FlatSet&) = delete;
  FlatSet& operator=(const FlatSet&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string copy_;
  std::string_view bytes_;
};

// The end of the longest run of records from `first`, before `limit`, that makes a set of at most
// `max_bytes`; at least one record.
uint32_t EndOfRun(const RecordSetIndex& index, uint32_t first, uint32_t limit, size_t max_bytes) {
  size_t delta_bytes = 0;
  for (uint32_t i = first; i < limit; ++i) {
    size_t set_bytes = index.end(i) - index.begin(first);
    if (index.sparse()) {
      delta_bytes += VarintBytes(index.offset_delta(i) - index.offset_delta(first));
      set_bytes += 1 + VarintBytes(delta_bytes) + delta_bytes;
    }
    if (set_bytes > max_bytes) return std::max(i, first + 1);
  }
  return limit;
}

// The field `offset_deltas` of the records in [first, end), counted from the first of them.
std::string OffsetDeltasField(const RecordSetIndex& index, uint32_t first, uint32_t end) {
  std::string deltas;
  for (uint32_t i = first; i < end; ++i) {
    AppendVarint(index.offset_delta(i) - index.offset_delta(first), &deltas);
  }
  std::string field;
  AppendVarint(kSetOffsetDeltas, &field);
  AppendBytes(deltas, &field);
  return field;
}

}  // namespace

absl::StatusOr<std::optional<RecordSetSlice>> SliceRecordSet(const absl::Cord& set, uint32_t from,
                                                             uint32_t to, size_t max_bytes,
                                                             uint32_t last_offset_delta) {
  const FlatSet flat(set);
  const absl::StatusOr<RecordSetIndex> index = RecordSetIndex::Build(flat.bytes());
  if (!index.ok()) return index.status();
  if (index->record_count() > 0 &&
      index->offset_delta(index->record_count() - 1) > last_offset_delta) {
    return absl::DataLossError("record set goes on after the last offset of its batch");
  }

  const uint32_t first = index->LowerBound(from);
  const uint32_t limit = index->LowerBound(to);
  if (first >= limit) return std::nullopt;
  const uint32_t end = EndOfRun(*index, first, limit, max_bytes);

  RecordSetSlice slice;
  slice.records = set.Subcord(index->begin(first), index->end(end - 1) - index->begin(first));
  if (index->sparse()) slice.records.Append(OffsetDeltasField(*index, first, end));
  slice.first_offset_delta = index->offset_delta(first);
  slice.next_offset_delta =
      end < limit ? index->offset_delta(end)
                  : static_cast<uint32_t>(std::min<uint64_t>(to, uint64_t{last_offset_delta} + 1));
  slice.record_count = end - first;
  return slice;
}

}  // namespace leat::record
