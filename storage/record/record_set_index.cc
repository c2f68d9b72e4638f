#include "storage/record/record_set_index.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/record/record_fields.h"
#include "storage/record/wire.h"

namespace leat::record {
namespace {

absl::Status Malformed(std::string_view what) {
  return absl::DataLossError(fmt::format("malformed record set: {}", what));
}

// Appends the numbers of a packed field to `deltas`.
bool ReadOffsetDeltas(std::string_view packed, std::vector<uint32_t>* deltas) {
  WireReader reader(packed);
  while (!reader.done()) {
    uint64_t delta = 0;
    if (!reader.ReadVarint(&delta) || delta > std::numeric_limits<uint32_t>::max()) return false;
    deltas->push_back(static_cast<uint32_t>(delta));
  }
  return true;
}

}  // namespace

absl::StatusOr<RecordSetIndex> RecordSetIndex::Build(std::string_view set) {
  if (set.size() > std::numeric_limits<int32_t>::max()) return Malformed("too long");
  RecordSetIndex index;
  WireReader reader(set);
  bool records_ended = false;
  while (!reader.done()) {
    WireTag tag = 0;
    std::string_view bytes;
    if (!reader.ReadTag(&tag)) return Malformed("bad tag");
    if (tag == kSetRecords) {
      if (records_ended) return Malformed("a record after another field");
      if (!reader.ReadBytes(&bytes)) return Malformed("a record is cut short");
      index.ends_.push_back(static_cast<uint32_t>(reader.position() - set.data()));
      continue;
    }
    records_ended = true;
    if (tag == kSetOffsetDeltas) {
      if (!reader.ReadBytes(&bytes) || !ReadOffsetDeltas(bytes, &index.offset_deltas_)) {
        return Malformed("bad offset deltas");
      }
    } else if (!reader.SkipValue(tag)) {
      return Malformed("bad field");
    }
  }
  const std::vector<uint32_t>& deltas = index.offset_deltas_;
  if (!deltas.empty() && deltas.size() != index.ends_.size())
    return Malformed("not one offset delta for each record");
  if (std::adjacent_find(deltas.begin(), deltas.end(), std::greater_equal<>()) != deltas.end()) {
    return Malformed("offset deltas do not increase");
  }
  return index;
}

uint32_t RecordSetIndex::LowerBound(uint32_t offset_delta) const {
  if (!sparse()) return std::min(offset_delta, record_count());
  return static_cast<uint32_t>(
      std::lower_bound(offset_deltas_.begin(), offset_deltas_.end(), offset_delta) -
      offset_deltas_.begin());
}

}  // namespace leat::record
