#include "cli/conditional_produce.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "cli/failure.h"
#include "cli/quantity.h"
#include "client/admin.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

void Fill(const InputRecord& input, int64_t base_timestamp_ms, v1::Record& record) {
  if (input.key.has_value()) record.set_key(*input.key);
  if (input.value.has_value()) record.set_value(*input.value);
  for (const auto& [name, value] : input.headers) {
    v1::Header& header = *record.add_headers();
    header.set_name(name);
    if (value.has_value()) header.set_value(*value);
  }
  const int64_t timestamp_ms = input.timestamp_ms.value_or(base_timestamp_ms);
  record.set_timestamp_delta_ms(timestamp_ms - base_timestamp_ms);
}

// All lines; INVALID_ARGUMENT naming the line that is no record.
absl::StatusOr<v1::ProduceRequest> RequestOf(const ProduceFlags& flags, const RecordSource& source,
                                             LineReader& lines) {
  v1::ProduceRequest request;
  request.set_topic(flags.topic);
  if (flags.partition.has_value()) request.set_partition(*flags.partition);
  if (flags.expected_offset.has_value()) request.set_expected_offset(*flags.expected_offset);
  if (flags.expected_key_offset.has_value()) {
    request.set_expected_key_offset(*flags.expected_key_offset);
  }
  request.set_base_timestamp_ms(absl::ToUnixMillis(absl::Now()));
  while (true) {
    const auto line = lines.Next();
    if (!line.ok()) return line.status();
    if (!line->has_value()) break;
    const absl::StatusOr<InputRecord> record = source.Parse(**line);
    if (!record.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: {}", lines.line_number(), std::string(record.status().message())));
    }
    Fill(*record, request.base_timestamp_ms(), *request.mutable_records()->add_records());
  }
  if (!request.has_records()) return absl::InvalidArgumentError("there is no line to append");
  return request;
}

}  // namespace

ExitCode ProduceWhereExpected(const GlobalOptions& globals, const ProduceFlags& flags,
                              const RecordSource& source, LineReader& lines) {
  const Subject subject = {globals.server, flags.topic};
  if (!flags.partition.has_value()) {
    return Fail(absl::InvalidArgumentError("the offset is that of a partition: add -p"), subject);
  }
  const absl::StatusOr<v1::ProduceRequest> request = RequestOf(flags, source, lines);
  if (!request.ok()) return Fail(request.status(), subject);
  const auto answer = client::Admin(globals.Connect()).Produce(*request);
  if (!answer.ok()) return Fail(answer.status(), subject);
  const v1::ProducedPart& part = answer->parts(0);
  globals.Tell(fmt::format("{}: {} at offset {} of partition {}", flags.topic,
                           Count(part.record_count(), "record"), part.base_offset(),
                           part.partition()));
  return kOk;
}

}  // namespace leat::cli
