// Reading, checking, slicing and writing serialized `leat.v1.RecordSet`s without building protobuf
// objects.
//
// Bytes only; any thread. The check is as strict as the strictest protobuf parser: what it accepts,
// every language reads, and reads alike.

#ifndef LEAT_STORAGE_RECORD_RECORD_SET_H_
#define LEAT_STORAGE_RECORD_RECORD_SET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"

namespace leat::record {

struct RecordLimits {
  uint32_t max_record_bytes = 1 << 20;  // Of the serialized record.
  uint32_t max_records = 1 << 16;
  uint32_t max_headers = 64;
  uint32_t max_headers_bytes = 16 << 10;  // Names and values of one record together.
  uint32_t max_header_name_bytes = 1 << 10;
  bool keys_required = false;  // By compacted topics, and conditions on keys.
};

struct HeaderView {
  std::string_view name;
  std::optional<std::string_view> value;
};

// One record inside a serialized set. Views live as long as the set.
struct RecordView {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  int64_t timestamp_delta_ms = 0;
  std::vector<HeaderView> headers;
  // The record's element of the set: tag, length and content. Joined elements are a record set.
  std::string_view element;
};

// What the check learnt.
struct RecordSetSummary {
  uint32_t record_count = 0;
  int64_t min_timestamp_delta_ms = 0;
  int64_t max_timestamp_delta_ms = 0;
};

// Checks a set as a producer may send it: well-formed, known fields only, right wire types,
// singular fields at most once, header names valid UTF-8, no `offset_deltas`, 1..max_records
// records, all within limits, timestamp deltas within +-10^15 ms so that no sum overflows. One
// pass, no allocation; the caller has limited the size of `set`. Errors (`error.h`):
// kInvalidRecords, kUnknownField, kTooLarge.
absl::StatusOr<RecordSetSummary> CheckRecordSet(std::string_view set, const RecordLimits& limits);

// Calls `visit(record, offset_delta)` for each record of a set, in order, until it returns false.
// Accepts sparse sets, and passes over fields that it does not know. The views in `record` outlive
// the call, `record` itself does not. DATA_LOSS when malformed.
absl::Status ForEachRecord(std::string_view set,
                           absl::FunctionRef<bool(const RecordView&, uint32_t offset_delta)> visit);

// A part of a set, at record boundaries, itself a set.
struct RecordSetSlice {
  // Shares the memory of the set it was cut from. That of a sparse set has deltas of its own, which
  // count from its first record.
  absl::Cord records;
  uint32_t first_offset_delta = 0;  // Of its first record, in the set it was cut from.
  uint32_t next_offset_delta = 0;   // First one not covered, in the set it was cut from.
  uint32_t record_count = 0;
};

// Cuts from `set` the records with `offset_delta` in [from, to), as many as fit `max_bytes` but at
// least one. nullopt when there is none. `last_offset_delta` is the batch's, so that the last slice
// of a sparse batch covers it to its end. DATA_LOSS when malformed.
absl::StatusOr<std::optional<RecordSetSlice>> SliceRecordSet(const absl::Cord& set, uint32_t from,
                                                             uint32_t to, size_t max_bytes,
                                                             uint32_t last_offset_delta);

// What is left of a set when records are taken out.
struct FilteredRecordSet {
  // Itself a set, sparse: each record as it was, byte for byte, with the offset delta it had. Empty
  // when nothing is left.
  std::string records;
  uint32_t record_count = 0;
  uint32_t removed_count = 0;
  int64_t max_timestamp_delta_ms = 0;  // Of the records left; the smallest number without any.
};

// Keeps those records of `set` for which `keep` holds; it is asked once for each, in order.
// DATA_LOSS when malformed.
absl::StatusOr<FilteredRecordSet> FilterRecordSet(
    std::string_view set, absl::FunctionRef<bool(const RecordView&, uint32_t offset_delta)> keep);

// Writes a record set. Used by the client library and tests.
class RecordSetBuilder {
 public:
  // Appends one record. Order is kept.
  void Add(std::optional<std::string_view> key, std::optional<std::string_view> value,
           int64_t timestamp_delta_ms = 0, const std::vector<HeaderView>& headers = {});

  size_t size_bytes() const { return set_.size(); }
  uint32_t record_count() const { return record_count_; }

  // The set; the builder is empty afterwards.
  std::string Take();

 private:
  std::string set_;
  uint32_t record_count_ = 0;
};

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_RECORD_SET_H_
