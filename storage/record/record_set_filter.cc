#include <algorithm>
#include <limits>

#include "storage/record/record_fields.h"
#include "storage/record/record_set.h"
#include "storage/record/wire.h"

namespace leat::record {

absl::StatusOr<FilteredRecordSet> FilterRecordSet(
    std::string_view set, absl::FunctionRef<bool(const RecordView&, uint32_t offset_delta)> keep) {
  FilteredRecordSet filtered{.max_timestamp_delta_ms = std::numeric_limits<int64_t>::min()};
  std::string deltas;
  const absl::Status read = ForEachRecord(set, [&](const RecordView& record, uint32_t delta) {
    if (!keep(record, delta)) {
      ++filtered.removed_count;
      return true;
    }
    filtered.records += record.element;
    AppendVarint(delta, &deltas);
    ++filtered.record_count;
    filtered.max_timestamp_delta_ms =
        std::max(filtered.max_timestamp_delta_ms, record.timestamp_delta_ms);
    return true;
  });
  if (!read.ok()) return read;
  if (filtered.record_count > 0) {
    AppendVarint(kSetOffsetDeltas, &filtered.records);
    AppendBytes(deltas, &filtered.records);
  }
  return filtered;
}

}  // namespace leat::record
