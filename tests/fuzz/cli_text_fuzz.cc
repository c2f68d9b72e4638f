// What people type and pipe in is read or refused with a message: ranges come out in order, sizes
// and durations not negative, lines whole, and a record printed as JSON is read back the same.

#include <memory>
#include <string>

#include "cli/input_record.h"
#include "cli/offset_range.h"
#include "cli/quantity.h"
#include "cli/record_format.h"
#include "cli/topic_settings.h"
#include "tests/fuzz/fuzz.h"

namespace leat::cli {
namespace {

void CheckRefusal(const absl::Status& status) {
  LEAT_CHECK(absl::IsInvalidArgument(status) && !status.message().empty());
}

void CheckRange(std::string_view text) {
  using Kind = client::Position::Kind;
  const absl::Time now = absl::FromUnixMillis(1'700'000'000'000);
  const absl::StatusOr<OffsetRange> range = ParseOffsetRange(text, now);
  if (!range.ok()) return CheckRefusal(range.status());
  for (const client::Position& place : {range->start, range->end.value_or(range->start)}) {
    LEAT_CHECK(place.kind == Kind::kTimestamp || place.value >= 0);
  }
  if (range->end.has_value() && range->start.kind == range->end->kind &&
      range->start.kind != Kind::kBeforeLatest) {
    LEAT_CHECK(range->start.value <= range->end->value);
  }
}

void CheckQuantity(std::string_view text) {
  const absl::StatusOr<int64_t> bytes = ParseBytes(text);
  if (bytes.ok()) {
    LEAT_CHECK(*bytes >= 0 && !FormatBytes(*bytes).empty());
  } else {
    CheckRefusal(bytes.status());
  }
  const absl::StatusOr<absl::Duration> duration = ParseDuration(text);
  if (duration.ok()) {
    LEAT_CHECK(*duration >= absl::ZeroDuration() && *duration < absl::InfiniteDuration());
    LEAT_CHECK(!DescribeDuration(*duration).empty());
  } else {
    CheckRefusal(duration.status());
  }
}

// What `consume -f jsonl` prints of a record.
std::string PrintJson(const InputRecord& input) {
  const client::OutgoingRecord view = input.View();
  const client::ReadRecord record{.offset = 7,
                                  .timestamp_ms = input.timestamp_ms.value_or(0),
                                  .key = view.key,
                                  .value = view.value,
                                  .headers = view.headers};
  std::string line;
  (*ParseRecordFormat("jsonl", Colour::kNo))
      ->Append({.topic = "t", .partition = input.partition.value_or(0), .record = record}, &line);
  return line;
}

void CheckJson(std::string_view line) {
  const absl::StatusOr<InputRecord> record = ParseJsonRecord(line);
  if (!record.ok()) return CheckRefusal(record.status());
  InputRecord expected = *record;
  expected.timestamp_ms = expected.timestamp_ms.value_or(0);
  expected.partition = expected.partition.value_or(0);
  const absl::StatusOr<InputRecord> again = ParseJsonRecord(PrintJson(*record));
  LEAT_CHECK(again.ok());
  LEAT_CHECK(*again == expected);
}

void CheckLine(std::string_view separator, std::string_view line) {
  const absl::StatusOr<LineParser> parser =
      LineParser::Create({.key_separator = std::string(separator)});
  if (!parser.ok()) return CheckRefusal(parser.status());
  const absl::StatusOr<InputRecord> record = parser->Parse(line);
  if (!record.ok()) return CheckRefusal(record.status());
  LEAT_CHECK(*record->key + std::string(separator) + *record->value == line);
}

void CheckHeader(std::string_view text) {
  const auto header = ParseHeader(text);
  if (!header.ok()) return CheckRefusal(header.status());
  const std::string again =
      header->second.has_value() ? header->first + "=" + *header->second : header->first;
  LEAT_CHECK(again == text);
}

void CheckFormat(std::string_view text) {
  const absl::StatusOr<std::unique_ptr<RecordFormat>> format =
      ParseRecordFormat(text, Colour::kYes);
  if (!format.ok()) return CheckRefusal(format.status());
  // Neither null nor text.
  const client::ReadRecord record{.offset = 1, .timestamp_ms = INT64_MIN, .value = "\xff\n"};
  std::string out;
  (*format)->Begin(&out);
  (*format)->Append({.topic = "topic", .record = record}, &out);
  (*format)->End(&out);
}

void CheckSetting(std::string_view text) {
  v1::TopicConfig config;
  google::protobuf::FieldMask mask;
  if (const absl::Status set = ApplySetting(text, &config, &mask); !set.ok()) {
    return CheckRefusal(set);
  }
  LEAT_CHECK(mask.paths_size() == 1);
  LEAT_CHECK(!DescribeSettings(config).empty());
}

}  // namespace
}  // namespace leat::cli

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::cli;  // NOLINT: the only thing spoken of here
  leat::fuzz::FuzzInput input(data, size);
  const char kind = static_cast<char>(input.Take<uint8_t>());
  switch (kind) {
    case 'r':
      CheckRange(input.TakeRest());
      break;
    case 'q':
      CheckQuantity(input.TakeRest());
      break;
    case 'j':
      CheckJson(input.TakeRest());
      break;
    case 'l': {
      const std::string_view separator = input.TakeBytes(1);
      CheckLine(separator, input.TakeRest());
      break;
    }
    case 'h':
      CheckHeader(input.TakeRest());
      break;
    case 'f':
      CheckFormat(input.TakeRest());
      break;
    case 's':
      CheckSetting(input.TakeRest());
      break;
    default:
      break;
  }
  return 0;
}
