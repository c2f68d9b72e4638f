#include "storage/record/message_ids.h"

#include <algorithm>
#include <string>

#include "storage/record/error.h"

namespace leat::record {
namespace {

absl::Status BadId(std::string_view what) {
  const std::string detail = std::string(kMessageIdHeader) + " " + std::string(what);
  return MakeError(Reason::kInvalidRecords, detail, {{"detail", detail}});
}

}  // namespace

absl::StatusOr<std::optional<std::string_view>> FindMessageId(
    const std::vector<HeaderView>& headers) {
  std::optional<std::string_view> id;
  for (const HeaderView& header : headers) {
    if (header.name != kMessageIdHeader) continue;
    if (id.has_value()) return BadId("is there twice in a record");
    if (header.value.value_or("").empty()) return BadId("is empty");
    id = header.value;
  }
  return id;
}

absl::StatusOr<IdentifiedRecords> IdentifyRecords(std::string_view set) {
  IdentifiedRecords records;
  bool any = false;
  absl::Status bad;
  const absl::Status read = ForEachRecord(set, [&](const RecordView& record, uint32_t) {
    const absl::StatusOr<std::optional<std::string_view>> id = FindMessageId(record.headers);
    bad = id.status();
    if (!bad.ok()) return false;
    const size_t end = record.element.data() + record.element.size() - set.data();
    records.push_back(
        {.end = static_cast<uint32_t>(end), .timestamp_delta_ms = record.timestamp_delta_ms});
    if (id->has_value()) records.back().id = Fingerprint::Of(**id);
    any |= id->has_value();
    return true;
  });
  bad.Update(read);
  if (!bad.ok()) return bad;
  if (!any) records.clear();
  return records;
}

Batch LeaveOut(const Batch& batch, const IdentifiedRecords& records,
               const std::vector<bool>& left_out) {
  Batch rest{.header = batch.header};
  int64_t max_delta_ms = INT64_MIN;
  uint32_t count = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    if (left_out[i]) continue;
    const uint32_t begin = i == 0 ? 0 : records[i - 1].end;
    rest.payload.Append(batch.payload.Subcord(begin, records[i].end - begin));
    max_delta_ms = std::max(max_delta_ms, records[i].timestamp_delta_ms);
    ++count;
  }
  rest.header.record_count = count;
  rest.header.last_offset_delta = count - 1;
  rest.header.max_timestamp_ms = rest.header.base_timestamp_ms + max_delta_ms;
  rest.header.payload_bytes = static_cast<uint32_t>(rest.payload.size());
  rest.header.uncompressed_bytes = rest.header.payload_bytes;
  rest.header.payload_crc32c = Crc32c(rest.payload);
  return rest;
}

}  // namespace leat::record
