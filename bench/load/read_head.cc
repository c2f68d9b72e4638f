#include "bench/load/read_head.h"

#include "leat/v1/log.pb.h"
#include "storage/record/wire.h"

namespace leat::bench {
namespace {

using record::WireReader;
using record::WireType;

ReadHead::Event EventOf(uint32_t field) {
  switch (field) {
    case v1::ReadResponse::kBatchFieldNumber:
      return ReadHead::Event::kBatch;
    case v1::ReadResponse::kEndOfRangeFieldNumber:
      return ReadHead::Event::kEndOfRange;
    case v1::ReadResponse::kHeartbeatFieldNumber:
      return ReadHead::Event::kHeartbeat;
    default:
      return ReadHead::Event::kOther;
  }
}

void SetOfResponse(uint32_t field, uint64_t value, ReadHead* head) {
  if (field == v1::ReadResponse::kPartitionFieldNumber) {
    head->partition = static_cast<uint32_t>(value);
  } else if (field == v1::ReadResponse::kNextOffsetFieldNumber) {
    head->next_offset = static_cast<int64_t>(value);
  }
}

void SetOfBatch(uint32_t field, uint64_t value, ReadHead* head) {
  if (field == v1::RecordBatch::kBaseOffsetFieldNumber) {
    head->base_offset = static_cast<int64_t>(value);
  } else if (field == v1::RecordBatch::kRecordCountFieldNumber) {
    head->record_count = static_cast<uint32_t>(value);
  } else if (field == v1::RecordBatch::kPayloadCrc32CFieldNumber) {
    head->payload_crc32c = static_cast<uint32_t>(value);
  }
}

// Up to the payload, whose length it reads.
bool ParseBatch(WireReader& reader, ReadHead* head) {
  record::WireTag tag = 0;
  while (!reader.done() && reader.ReadTag(&tag)) {
    uint64_t value = 0;
    if (!reader.ReadVarint(&value)) return false;
    if (record::FieldOf(tag) == v1::RecordBatch::kPayloadFieldNumber) {
      head->payload_bytes = value;
      return true;
    }
    if (record::WireTypeOf(tag) != WireType::kVarint) return false;
    SetOfBatch(record::FieldOf(tag), value, head);
  }
  return false;
}

}  // namespace

std::optional<ReadHead> ParseReadHead(std::string_view front, size_t message_bytes) {
  ReadHead head;
  WireReader reader(front);
  record::WireTag tag = 0;
  while (!reader.done()) {
    if (!reader.ReadTag(&tag)) return std::nullopt;
    const uint32_t field = record::FieldOf(tag);
    uint64_t value = 0;
    if (record::WireTypeOf(tag) == WireType::kVarint) {
      if (!reader.ReadVarint(&value)) return std::nullopt;
      SetOfResponse(field, value, &head);
    } else if (field < v1::ReadResponse::kChunkFieldNumber) {
      if (!reader.SkipValue(tag)) return std::nullopt;
    } else {
      head.event = EventOf(field);
      if (head.event != ReadHead::Event::kBatch) return head;
      if (!reader.ReadVarint(&value) || !ParseBatch(reader, &head)) return std::nullopt;
      head.payload_position = static_cast<size_t>(reader.position() - front.data());
      if (head.payload_position + head.payload_bytes != message_bytes) return std::nullopt;
      return head;
    }
  }
  return head;
}

}  // namespace leat::bench
