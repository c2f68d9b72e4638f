#include <utility>

#include "storage/record/record_fields.h"
#include "storage/record/record_set.h"
#include "storage/record/wire.h"

namespace leat::record {
namespace {

// Bytes of a field: its tag (all of ours take one byte), its length, its content.
size_t FieldBytes(size_t content) { return 1 + VarintBytes(content) + content; }

size_t FieldBytes(std::optional<std::string_view> content) {
  return content.has_value() ? FieldBytes(content->size()) : 0;
}

size_t ContentBytes(const HeaderView& header) {
  return FieldBytes(header.name.size()) + FieldBytes(header.value);
}

void AppendField(WireTag tag, std::string_view content, std::string* out) {
  AppendVarint(tag, out);
  AppendBytes(content, out);
}

// As protobuf libraries do, leaves out what is unset.
void AppendField(WireTag tag, std::optional<std::string_view> content, std::string* out) {
  if (content.has_value()) AppendField(tag, *content, out);
}

}  // namespace

void RecordSetBuilder::Add(std::optional<std::string_view> key,
                           std::optional<std::string_view> value, int64_t timestamp_delta_ms,
                           const std::vector<HeaderView>& headers) {
  const uint64_t timestamp = ZigZagEncode(timestamp_delta_ms);
  size_t record_bytes = FieldBytes(key) + FieldBytes(value);
  for (const HeaderView& header : headers) record_bytes += FieldBytes(ContentBytes(header));
  if (timestamp != 0) record_bytes += 1 + VarintBytes(timestamp);

  AppendVarint(kSetRecords, &set_);
  AppendVarint(record_bytes, &set_);
  AppendField(kRecordKey, key, &set_);
  AppendField(kRecordValue, value, &set_);
  for (const HeaderView& header : headers) {
    AppendVarint(kRecordHeaders, &set_);
    AppendVarint(ContentBytes(header), &set_);
    AppendField(kHeaderName, header.name, &set_);
    AppendField(kHeaderValue, header.value, &set_);
  }
  if (timestamp != 0) {
    AppendVarint(kRecordTimestampDelta, &set_);
    AppendVarint(timestamp, &set_);
  }
  ++record_count_;
}

std::string RecordSetBuilder::Take() {
  record_count_ = 0;
  return std::exchange(set_, {});
}

}  // namespace leat::record
