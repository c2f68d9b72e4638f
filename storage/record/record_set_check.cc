#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "storage/record/error.h"
#include "storage/record/record_fields.h"
#include "storage/record/record_set.h"
#include "storage/record/utf8.h"
#include "storage/record/wire.h"

namespace leat::record {
namespace {

constexpr int64_t kMaxTimestampDeltaMs = 1'000'000'000'000'000;

// The fields of a message that were there already.
class SeenFields {
 public:
  // False when `tag` was added before.
  bool Add(WireTag tag) {
    const uint32_t bit = 1u << FieldOf(tag);
    if ((seen_ & bit) != 0) return false;
    seen_ |= bit;
    return true;
  }

  bool Has(WireTag tag) const { return (seen_ & 1u << FieldOf(tag)) != 0; }

 private:
  uint32_t seen_ = 0;
};

// A message and the number of its last field; fields have no gaps.
struct MessageInfo {
  std::string_view name;
  uint32_t last_field;
};
constexpr MessageInfo kSetInfo = {"RecordSet", 2};
constexpr MessageInfo kRecordInfo = {"Record", 4};
constexpr MessageInfo kHeaderInfo = {"Header", 2};

// One pass over one set. The `Check` functions return false after the first fault, which is then in
// `error_`.
class Checker {
 public:
  explicit Checker(const RecordLimits& limits) : limits_(limits) {}

  absl::StatusOr<RecordSetSummary> Check(std::string_view set) {
    if (!CheckSet(set)) return std::move(error_);
    return summary_;
  }

 private:
  bool CheckSet(std::string_view set);
  bool CheckRecord(std::string_view record);
  bool CheckHeader(std::string_view header, size_t* bytes);
  bool CheckHeaderName(std::string_view name);
  bool CheckTimestampDelta(uint64_t zigzag);

  bool CheckLimit(std::string_view limit, size_t actual, size_t maximum) {
    return actual <= maximum || TooLarge(limit, actual, maximum);
  }

  bool Invalid(std::string_view what);
  bool TooLarge(std::string_view limit, size_t actual, size_t maximum);
  // A tag that has no place in `message`.
  bool BadTag(const MessageInfo& message, WireTag tag);

  const RecordLimits& limits_;
  RecordSetSummary summary_;
  absl::Status error_;
};

bool Checker::CheckSet(std::string_view set) {
  WireReader reader(set);
  while (!reader.done()) {
    WireTag tag = 0;
    std::string_view record;
    if (!reader.ReadTag(&tag)) return Invalid("bad tag");
    if (FieldOf(tag) == FieldOf(kSetOffsetDeltas)) {
      return Invalid("offset_deltas in a produce request");
    }
    if (tag != kSetRecords) return BadTag(kSetInfo, tag);
    if (!reader.ReadBytes(&record)) return Invalid("cut short, or bad length");
    if (!CheckRecord(record)) return false;
    ++summary_.record_count;
  }
  if (summary_.record_count == 0) return Invalid("no records");
  return CheckLimit("max_records", summary_.record_count, limits_.max_records);
}

bool Checker::CheckRecord(std::string_view record) {
  if (!CheckLimit("max_record_bytes", record.size(), limits_.max_record_bytes)) return false;
  WireReader reader(record);
  SeenFields seen;
  size_t headers = 0;
  size_t headers_bytes = 0;
  uint64_t timestamp_delta = 0;
  while (!reader.done()) {
    WireTag tag = 0;
    std::string_view bytes;
    if (!reader.ReadTag(&tag)) return Invalid("bad tag");
    switch (tag) {
      case kRecordKey:
      case kRecordValue:
        if (!seen.Add(tag)) return Invalid(tag == kRecordKey ? "key twice" : "value twice");
        if (!reader.ReadBytes(&bytes)) return Invalid("key or value cut short, or bad length");
        break;
      case kRecordHeaders:
        if (!reader.ReadBytes(&bytes)) return Invalid("header cut short, or bad length");
        if (!CheckHeader(bytes, &headers_bytes)) return false;
        ++headers;
        break;
      case kRecordTimestampDelta:
        if (!seen.Add(tag)) return Invalid("timestamp_delta_ms twice");
        if (!reader.ReadVarint(&timestamp_delta)) return Invalid("bad timestamp_delta_ms");
        break;
      default:
        return BadTag(kRecordInfo, tag);
    }
  }
  if (limits_.keys_required && !seen.Has(kRecordKey)) {
    return Invalid("no key, which compacted topics and conditions on keys require");
  }
  return CheckLimit("max_headers", headers, limits_.max_headers) &&
         CheckLimit("max_headers_bytes", headers_bytes, limits_.max_headers_bytes) &&
         CheckTimestampDelta(timestamp_delta);
}

bool Checker::CheckHeader(std::string_view header, size_t* bytes) {
  WireReader reader(header);
  SeenFields seen;
  std::string_view name;
  std::string_view value;
  while (!reader.done()) {
    WireTag tag = 0;
    if (!reader.ReadTag(&tag)) return Invalid("bad tag in a header");
    if (tag != kHeaderName && tag != kHeaderValue) return BadTag(kHeaderInfo, tag);
    if (!seen.Add(tag))
      return Invalid(tag == kHeaderName ? "header name twice" : "header value twice");
    if (!reader.ReadBytes(tag == kHeaderName ? &name : &value))
      return Invalid("header cut short, or bad length");
  }
  *bytes += name.size() + value.size();
  return CheckHeaderName(name);
}

bool Checker::CheckHeaderName(std::string_view name) {
  if (name.empty()) return Invalid("header without a name");
  if (!CheckLimit("max_header_name_bytes", name.size(), limits_.max_header_name_bytes))
    return false;
  return IsValidUtf8(name) || Invalid("header name is not UTF-8");
}

bool Checker::CheckTimestampDelta(uint64_t zigzag) {
  const int64_t delta_ms = ZigZagDecode(zigzag);
  if (delta_ms < -kMaxTimestampDeltaMs || delta_ms > kMaxTimestampDeltaMs)
    return Invalid("timestamp_delta_ms out of range");
  const bool first = summary_.record_count == 0;
  summary_.min_timestamp_delta_ms =
      first ? delta_ms : std::min(summary_.min_timestamp_delta_ms, delta_ms);
  summary_.max_timestamp_delta_ms =
      first ? delta_ms : std::max(summary_.max_timestamp_delta_ms, delta_ms);
  return true;
}

bool Checker::Invalid(std::string_view what) {
  const std::string detail = fmt::format("record {}: {}", summary_.record_count, what);
  error_ = MakeError(Reason::kInvalidRecords, fmt::format("invalid record set: {}", detail),
                     {{"detail", detail}});
  return false;
}

bool Checker::TooLarge(std::string_view limit, size_t actual, size_t maximum) {
  error_ = MakeError(Reason::kTooLarge, fmt::format("{} is {}, got {}", limit, maximum, actual),
                     {{"limit", std::string(limit)},
                      {"actual", fmt::to_string(actual)},
                      {"maximum", fmt::to_string(maximum)}});
  return false;
}

bool Checker::BadTag(const MessageInfo& message, WireTag tag) {
  const std::string field = fmt::format("{}.{}", message.name, FieldOf(tag));
  const WireType type = WireTypeOf(tag);
  const bool skippable = type == WireType::kVarint || type == WireType::kFixed64 ||
                         type == WireType::kBytes || type == WireType::kFixed32;
  if (FieldOf(tag) == 0 || !skippable) return Invalid(fmt::format("bad tag {}", tag));
  if (FieldOf(tag) <= message.last_field)
    return Invalid(fmt::format("wrong wire type for field {}", field));
  error_ =
      MakeError(Reason::kUnknownField, fmt::format("unknown field {}", field), {{"field", field}});
  return false;
}

}  // namespace

absl::StatusOr<RecordSetSummary> CheckRecordSet(std::string_view set, const RecordLimits& limits) {
  return Checker(limits).Check(set);
}

}  // namespace leat::record
