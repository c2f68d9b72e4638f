#include <algorithm>
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

// Writes into room that was made for all of it.
class Writer {
 public:
  explicit Writer(char* out) : out_(out) {}

  void Number(WireTag tag, uint64_t value) {
    Varint(tag);
    Varint(value);
  }
  // As protobuf libraries do, leaves out what is unset.
  void Field(WireTag tag, std::optional<std::string_view> content) {
    if (!content.has_value()) return;
    Number(tag, content->size());
    out_ = std::copy(content->begin(), content->end(), out_);
  }

 private:
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out_++ = static_cast<char>(value | 0x80);
    *out_++ = static_cast<char>(value);
  }

  char* out_;
};

}  // namespace

void RecordSetBuilder::Add(std::optional<std::string_view> key,
                           std::optional<std::string_view> value, int64_t timestamp_delta_ms,
                           const std::vector<HeaderView>& headers) {
  const uint64_t timestamp = ZigZagEncode(timestamp_delta_ms);
  size_t record_bytes = FieldBytes(key) + FieldBytes(value);
  for (const HeaderView& header : headers) record_bytes += FieldBytes(ContentBytes(header));
  if (timestamp != 0) record_bytes += 1 + VarintBytes(timestamp);

  const size_t begin = set_.size();
  set_.resize(begin + FieldBytes(record_bytes));
  Writer writer(set_.data() + begin);
  writer.Number(kSetRecords, record_bytes);
  writer.Field(kRecordKey, key);
  writer.Field(kRecordValue, value);
  for (const HeaderView& header : headers) {
    writer.Number(kRecordHeaders, ContentBytes(header));
    writer.Field(kHeaderName, header.name);
    writer.Field(kHeaderValue, header.value);
  }
  if (timestamp != 0) writer.Number(kRecordTimestampDelta, timestamp);
  ++record_count_;
}

std::string RecordSetBuilder::Take() {
  record_count_ = 0;
  return std::exchange(set_, {});
}

}  // namespace leat::record
