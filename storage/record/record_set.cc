#include "storage/record/record_set.h"

#include <utility>

#include "fmt/core.h"
#include "storage/record/record_fields.h"
#include "storage/record/record_set_index.h"
#include "storage/record/wire.h"

namespace leat::record {
namespace {

// The readers pass over fields that they do not know: a later server may send them.

bool ReadHeader(std::string_view bytes, HeaderView* header) {
  WireReader reader(bytes);
  while (!reader.done()) {
    WireTag tag = 0;
    if (!reader.ReadTag(&tag)) return false;
    const bool read = tag == kHeaderName    ? reader.ReadBytes(&header->name)
                      : tag == kHeaderValue ? reader.ReadBytes(&header->value.emplace())
                                            : reader.SkipValue(tag);
    if (!read) return false;
  }
  return true;
}

bool ReadRecord(std::string_view bytes, RecordView* record) {
  WireReader reader(bytes);
  while (!reader.done()) {
    WireTag tag = 0;
    if (!reader.ReadTag(&tag)) return false;
    bool read = false;
    if (tag == kRecordKey) {
      read = reader.ReadBytes(&record->key.emplace());
    } else if (tag == kRecordValue) {
      read = reader.ReadBytes(&record->value.emplace());
    } else if (tag == kRecordHeaders) {
      std::string_view header;
      read = reader.ReadBytes(&header) && ReadHeader(header, &record->headers.emplace_back());
    } else if (tag == kRecordTimestampDelta) {
      uint64_t zigzag = 0;
      read = reader.ReadVarint(&zigzag);
      record->timestamp_delta_ms = ZigZagDecode(zigzag);
    } else {
      read = reader.SkipValue(tag);
    }
    if (!read) return false;
  }
  return true;
}

bool ReadElement(std::string_view element, RecordView* record) {
  record->key.reset();
  record->value.reset();
  record->timestamp_delta_ms = 0;
  record->headers.clear();
  record->element = element;

  WireReader reader(element);
  WireTag tag = 0;
  std::string_view bytes;
  return reader.ReadTag(&tag) && reader.ReadBytes(&bytes) && ReadRecord(bytes, record);
}

}  // namespace

absl::Status ForEachRecord(
    std::string_view set, absl::FunctionRef<bool(const RecordView&, uint32_t offset_delta)> visit) {
  const absl::StatusOr<RecordSetIndex> index = RecordSetIndex::Build(set);
  if (!index.ok()) return index.status();
  RecordView record;
  for (uint32_t i = 0; i < index->record_count(); ++i) {
    if (!ReadElement(set.substr(index->begin(i), index->end(i) - index->begin(i)), &record)) {
      return absl::DataLossError(fmt::format("malformed record set: record {}", i));
    }
    if (!visit(record, index->offset_delta(i))) break;
  }
  return absl::OkStatus();
}

}  // namespace leat::record
