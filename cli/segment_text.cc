#include "cli/segment_text.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "cli/json_text.h"
#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {

absl::StatusOr<SegmentFormat> ParseSegmentFormat(std::string_view name) {
  if (name == "table") return SegmentFormat::kTable;
  if (name == "jsonl") return SegmentFormat::kJsonLines;
  if (name == "csv") return SegmentFormat::kCsv;
  return absl::InvalidArgumentError(fmt::format("unknown format '{}': table, jsonl or csv", name));
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const auto found = std::filesystem::canonical(path, error);
  if (!error) return found.string();
  return std::filesystem::absolute(path, error).lexically_normal().string();
}

std::string NameOf(const survey::SurveyedLog& log) {
  return fmt::format("{}/{}", log.topic, log.place.key.partition);
}

std::string DescribeRange(record::Offset begin, record::Offset end) {
  if (end.value <= begin.value + 1) return fmt::format("offset {}", begin.value);
  return fmt::format("offsets {} to {}", begin.value, end.value - 1);
}

std::string DescribeFault(const std::string& log, const inspect::Fault& fault) {
  const std::string where = log.empty() ? "" : log + ", ";
  const std::string offsets =
      log.empty() ? "" : DescribeRange(fault.offset, fault.next_offset) + ": ";
  const std::string bytes =
      fault.bytes == 0 ? "" : fmt::format(", {}", Count(static_cast<int64_t>(fault.bytes), "byte"));
  return fmt::format("damaged: {}{}{} at byte {}{}: {}\n  means: {}\n  do: {}\n", where, offsets,
                     fault.file, fault.position.bytes, bytes, fault.what,
                     inspect::MeaningOf(fault.kind), inspect::RemedyFor(fault.kind));
}

std::string FaultToJson(const std::string& log, const inspect::Fault& fault) {
  std::string out = fmt::format(R"({{"damage":"{}","log":)", inspect::KindName(fault.kind));
  AppendJsonString(log, &out);
  out += ",\"file\":";
  AppendJsonBytes(fault.file, &out);
  out +=
      fmt::format(R"(,"position":{},"bytes":{},"offset":{},"next_offset":{},"what":)",
                  fault.position.bytes, fault.bytes, fault.offset.value, fault.next_offset.value);
  AppendJsonBytes(fault.what, &out);
  out += ",\"means\":";
  AppendJsonString(inspect::MeaningOf(fault.kind), &out);
  out += ",\"do\":";
  AppendJsonString(inspect::RemedyFor(fault.kind), &out);
  return out + "}\n";
}

std::string DescribeFinding(const log::Finding& finding) {
  const std::string what = finding.kind != log::Finding::Kind::kTailCut
                               ? ""
                               : fmt::format(" at byte {}, {}", finding.position.bytes,
                                             Count(static_cast<int64_t>(finding.bytes), "byte"));
  return fmt::format("at the next start: {}{}: {}\n", finding.file, what, finding.detail);
}

}  // namespace leat::cli
