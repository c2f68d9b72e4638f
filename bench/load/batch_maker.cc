#include "bench/load/batch_maker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "leat/v1/log.pb.h"
#include "storage/record/batch.h"
#include "storage/record/record_set.h"
#include "storage/record/wire.h"

namespace leat::bench {
namespace {

std::string MakeRecordSet(const LoadSettings& settings) {
  record::RecordSetBuilder builder;
  for (uint32_t i = 0; i < settings.records_per_batch; ++i) {
    const std::string value = MakeValue(settings.record_bytes, i);
    if (settings.key_count == 0) {
      builder.Add(std::nullopt, value);
    } else {
      builder.Add(MakeKey(i % settings.key_count), value);
    }
  }
  return builder.Take();
}

// What stands before a field's bytes.
void AppendLength(uint32_t field, size_t size, std::string* out) {
  record::AppendVarint(record::MakeTag(field, record::WireType::kBytes), out);
  record::AppendVarint(size, out);
}

}  // namespace

std::string MakeKey(uint64_t index) { return fmt::format("key-{:010}", index); }

std::string MakeValue(uint32_t bytes, uint64_t seed) {
  std::string value(bytes, 0);
  uint64_t state = 88172645463325252u + seed * 0x9e3779b97f4a7c15u;  // xorshift64
  for (char& byte : value) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    byte = static_cast<char>(state);
  }
  return value;
}

std::vector<std::string> ValuesOfBatch(const LoadSettings& settings) {
  std::vector<std::string> values;
  for (uint32_t i = 0; i < settings.records_per_batch; ++i) {
    values.push_back(MakeValue(settings.record_bytes, i));
  }
  return values;
}

size_t ValuePosition(std::optional<size_t> key_bytes, size_t value_bytes) {
  record::RecordSetBuilder builder;
  const std::string key(key_bytes.value_or(0), 'k');
  if (key_bytes.has_value()) {
    builder.Add(key, std::string(value_bytes, 'v'));
  } else {
    builder.Add(std::nullopt, std::string(value_bytes, 'v'));
  }
  return builder.Take().find(std::string(value_bytes, 'v'));
}

void WriteStamp(Nanos stamp, char* value) { std::memcpy(value, &stamp, sizeof(stamp)); }

Nanos ReadStamp(std::string_view value) {
  Nanos stamp = 0;
  std::memcpy(&stamp, value.data(), std::min(value.size(), sizeof(stamp)));
  return stamp;
}

BatchMaker::BatchMaker(const LoadSettings& settings)
    : stamped_(settings.consumers > 0), topic_(settings.topic), durability_(settings.durability) {
  const std::string set = MakeRecordSet(settings);
  crc_ = record::Crc32c(set);
  size_t head_bytes = 0;
  if (stamped_) {
    const std::optional<size_t> key_bytes =
        settings.key_count == 0 ? std::nullopt : std::optional(MakeKey(0).size());
    stamp_position_ = ValuePosition(key_bytes, settings.record_bytes);
    head_bytes = stamp_position_ + kStampBytes;
  }
  head_ = set.substr(0, head_bytes);
  tail_ = grpc::Slice(set.substr(head_bytes));
}

std::optional<uint32_t> BatchMaker::payload_crc32c() const {
  return stamped_ ? std::nullopt : std::optional(crc_);
}

BatchMaker::Parts BatchMaker::Make(uint32_t partition, Nanos stamp) const {
  Parts parts{.envelope = {}, .head = head_};
  uint32_t crc = crc_;
  if (stamped_) {
    WriteStamp(stamp, parts.head.data() + stamp_position_);
    const std::string_view tail(reinterpret_cast<const char*>(tail_.begin()), tail_.size());
    crc = record::Crc32c(tail, record::Crc32c(parts.head));
  }
  v1::ProduceRequest produce;
  produce.set_topic(topic_);
  produce.set_partition(partition);
  produce.set_durability(durability_);
  produce.set_payload_crc32c(crc);
  parts.envelope = produce.SerializeAsString();
  AppendLength(v1::ProduceRequest::kRecordsFieldNumber, batch_bytes(), &parts.envelope);
  return parts;
}

grpc::ByteBuffer BatchMaker::Join(std::string front, const std::string& head) const {
  front += head;
  const grpc::Slice slices[] = {grpc::Slice(front), tail_};
  return grpc::ByteBuffer(slices, tail_.size() == 0 ? 1 : 2);
}

grpc::ByteBuffer BatchMaker::UnaryRequest(uint32_t partition, Nanos stamp) const {
  Parts parts = Make(partition, stamp);
  return Join(std::move(parts.envelope), parts.head);
}

grpc::ByteBuffer BatchMaker::StreamRequest(uint64_t request_id, uint32_t partition,
                                           Nanos stamp) const {
  Parts parts = Make(partition, stamp);
  std::string front;
  record::AppendVarint(
      record::MakeTag(v1::ProduceStreamRequest::kRequestIdFieldNumber, record::WireType::kVarint),
      &front);
  record::AppendVarint(request_id, &front);
  AppendLength(v1::ProduceStreamRequest::kProduceFieldNumber, parts.envelope.size() + batch_bytes(),
               &front);
  return Join(front + parts.envelope, parts.head);
}

}  // namespace leat::bench
