// A record set that the check accepts, the protobuf library reads, and reads alike; one that
// protobuf reads and a producer may say, the check accepts as protobuf writes it.

#include <algorithm>
#include <string>

#include "leat/v1/record.pb.h"
#include "storage/record/record_set.h"
#include "storage/record/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace leat::record {
namespace {

// Small, so that short inputs reach them.
constexpr RecordLimits kLimits = {.max_record_bytes = 200,
                                  .max_records = 8,
                                  .max_headers = 3,
                                  .max_headers_bytes = 60,
                                  .max_header_name_bytes = 20};
constexpr int64_t kMaxDeltaMs = 1'000'000'000'000'000;

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

bool IsAllowed(const v1::Header& header) {
  return !header.name().empty() && header.name().size() <= kLimits.max_header_name_bytes &&
         IsValidUtf8(header.name()) && !HasUnknownFields(header);
}

bool IsAllowed(const v1::Record& record) {
  size_t headers_bytes = 0;
  for (const v1::Header& header : record.headers()) {
    if (!IsAllowed(header)) return false;
    headers_bytes += header.name().size() + header.value().size();
  }
  return !HasUnknownFields(record) && record.ByteSizeLong() <= kLimits.max_record_bytes &&
         headers_bytes <= kLimits.max_headers_bytes &&
         static_cast<size_t>(record.headers_size()) <= kLimits.max_headers &&
         record.timestamp_delta_ms() <= kMaxDeltaMs && record.timestamp_delta_ms() >= -kMaxDeltaMs;
}

bool IsAllowed(const v1::RecordSet& set) {
  return !set.records().empty() && static_cast<size_t>(set.records_size()) <= kLimits.max_records &&
         set.offset_deltas().empty() && !HasUnknownFields(set) &&
         std::all_of(set.records().begin(), set.records().end(),
                     [](const v1::Record& record) { return IsAllowed(record); });
}

void CheckAlike(const RecordView& view, const v1::Record& record) {
  LEAT_CHECK(view.key.has_value() == record.has_key());
  LEAT_CHECK(view.key.value_or("") == record.key());
  LEAT_CHECK(view.value.has_value() == record.has_value());
  LEAT_CHECK(view.value.value_or("") == record.value());
  LEAT_CHECK(view.timestamp_delta_ms == record.timestamp_delta_ms());
  LEAT_CHECK(view.headers.size() == static_cast<size_t>(record.headers_size()));
  for (size_t i = 0; i < view.headers.size(); ++i) {
    const v1::Header& header = record.headers(static_cast<int>(i));
    LEAT_CHECK(view.headers[i].name == header.name());
    LEAT_CHECK(view.headers[i].value.has_value() == header.has_value());
    LEAT_CHECK(view.headers[i].value.value_or("") == header.value());
  }
}

void CheckAlike(std::string_view bytes, const RecordSetSummary& summary, const v1::RecordSet& set) {
  LEAT_CHECK(IsAllowed(set));
  LEAT_CHECK(summary.record_count == static_cast<uint32_t>(set.records_size()));
  int64_t least = INT64_MAX;
  int64_t most = INT64_MIN;
  int visited = 0;
  const absl::Status walked =
      ForEachRecord(bytes, [&](const RecordView& view, uint32_t offset_delta) {
        LEAT_CHECK(offset_delta == static_cast<uint32_t>(visited));
        CheckAlike(view, set.records(visited++));
        least = std::min(least, view.timestamp_delta_ms);
        most = std::max(most, view.timestamp_delta_ms);
        return true;
      });
  LEAT_CHECK(walked.ok());
  LEAT_CHECK(visited == set.records_size());
  LEAT_CHECK(summary.min_timestamp_delta_ms == least && summary.max_timestamp_delta_ms == most);
}

}  // namespace
}  // namespace leat::record

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::record;  // NOLINT: the only thing spoken of here
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<RecordSetSummary> summary = CheckRecordSet(bytes, kLimits);
  leat::v1::RecordSet set;
  const bool parsed = set.ParseFromArray(data, static_cast<int>(size));
  if (summary.ok()) {
    LEAT_CHECK(parsed);
    CheckAlike(bytes, *summary, set);
  } else if (parsed && IsAllowed(set)) {
    LEAT_CHECK(CheckRecordSet(set.SerializeAsString(), kLimits).ok());
  }
  return 0;
}
