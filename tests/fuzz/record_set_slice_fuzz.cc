// Slices of a record set, cut one after the other, hold exactly the records of the range, in order
// and unchanged, in sets that fit the limit or hold one record; a set that cannot be cut is refused
// as damaged.

#include <string>
#include <utility>
#include <vector>

#include "storage/record/record_set.h"
#include "tests/fuzz/fuzz.h"

namespace leat::record {
namespace {

struct Range {
  uint32_t from = 0;
  uint32_t to = 0;
  size_t max_bytes = 0;
  uint32_t last_offset_delta = 0;
};

// Offset delta and element of each record.
using Records = std::vector<std::pair<uint32_t, std::string>>;

absl::StatusOr<Records> ReadRecords(std::string_view set, uint32_t first_offset_delta) {
  Records records;
  const absl::Status walked =
      ForEachRecord(set, [&](const RecordView& record, uint32_t offset_delta) {
        records.emplace_back(first_offset_delta + offset_delta, record.element);
        return true;
      });
  if (!walked.ok()) return walked;
  return records;
}

// The records of all slices of `range`; nullopt once one is refused.
std::optional<Records> ReadSlices(const absl::Cord& set, const Range& range) {
  Records records;
  uint32_t from = range.from;
  while (from < range.to) {
    const absl::StatusOr<std::optional<RecordSetSlice>> slice =
        SliceRecordSet(set, from, range.to, range.max_bytes, range.last_offset_delta);
    if (!slice.ok()) {
      LEAT_CHECK(absl::IsDataLoss(slice.status()) && from == range.from);
      return std::nullopt;
    }
    if (!slice->has_value()) break;
    const RecordSetSlice& found = **slice;
    LEAT_CHECK(found.first_offset_delta >= from && found.first_offset_delta < range.to);
    LEAT_CHECK(found.next_offset_delta > found.first_offset_delta);
    LEAT_CHECK(found.next_offset_delta <= range.to);
    LEAT_CHECK(found.record_count == 1 ||
               (found.record_count > 1 && found.records.size() <= range.max_bytes));
    const absl::StatusOr<Records> part =
        ReadRecords(std::string(found.records), found.first_offset_delta);
    // Nothing looks into the records when a set is cut.
    if (!part.ok()) return std::nullopt;
    LEAT_CHECK(part->size() == found.record_count);
    records.insert(records.end(), part->begin(), part->end());
    from = found.next_offset_delta;
  }
  return records;
}

void CheckSlices(std::string_view set, const Range& range, size_t piece_bytes) {
  const std::optional<Records> sliced = ReadSlices(fuzz::InPieces(set, piece_bytes), range);
  const absl::StatusOr<Records> all = ReadRecords(set, 0);
  if (!sliced.has_value() || !all.ok()) return;
  Records expected;
  for (const auto& record : *all) {
    if (record.first >= range.from && record.first < range.to) expected.push_back(record);
  }
  LEAT_CHECK(*sliced == expected);
}

}  // namespace
}  // namespace leat::record

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::fuzz::FuzzInput input(data, size);
  const leat::record::Range range{.from = input.Take<uint8_t>(),
                                  .to = input.Take<uint16_t>(),
                                  .max_bytes = input.Take<uint8_t>(),
                                  .last_offset_delta = input.Take<uint32_t>()};
  const size_t piece_bytes = input.Take<uint8_t>();
  leat::record::CheckSlices(input.TakeRest(), range, piece_bytes);
  return 0;
}
