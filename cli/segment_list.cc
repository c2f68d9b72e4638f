#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cli/failure.h"
#include "cli/json_text.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "cli/segment_text.h"
#include "cli/segment_verbs.h"
#include "cli/table.h"
#include "fmt/format.h"
#include "server/survey/survey.h"
#include "storage/inspect/log_report.h"
#include "storage/inspect/segment_report.h"
#include "storage/io/posix_file_system.h"
#include "storage/log/segment_file.h"

namespace leat::cli {
namespace {

using inspect::SegmentReport;

std::string_view StateOf(const SegmentReport& segment) {
  return segment.sealed() ? "sealed" : "active";
}

// What is known of the checksums.
std::string ChecksumsOf(const SegmentReport& segment) {
  if (!segment.faults.empty() || !segment.gaps.empty()) return "damaged";
  return segment.walked ? "all sound" : "header and footer sound";
}

std::string RecordsOf(const SegmentReport& segment, std::string_view unknown) {
  return segment.records.has_value() ? fmt::to_string(*segment.records) : std::string(unknown);
}

std::string Time(int64_t timestamp_ms) {
  return timestamp_ms == 0 ? "-" : FormatTimestamp(timestamp_ms);
}

std::string ToJson(const std::string& log, const SegmentReport& segment) {
  std::string out = "{\"log\":";
  AppendJsonString(log, &out);
  out += ",\"file\":";
  AppendJsonBytes(segment.path, &out);
  out += fmt::format(
      R"(,"state":"{}","base_offset":{},"next_offset":{},"records":{},"bytes":{},)"
      R"("first_append_timestamp_ms":{},"last_append_timestamp_ms":{},"checksums":"{}"}})",
      StateOf(segment), segment.base_offset.value, segment.next_offset.value,
      RecordsOf(segment, "null"), segment.file_bytes, segment.first_append_timestamp_ms,
      segment.last_append_timestamp_ms, ChecksumsOf(segment));
  return out + "\n";
}

class Lister {
 public:
  explicit Lister(SegmentFormat format)
      : format_(format),
        table_(format == SegmentFormat::kCsv
                   ? std::vector<std::string>{"log", "segment", "state", "base_offset",
                                              "next_offset", "records", "bytes", "first_append",
                                              "last_append", "checksums"}
                   : std::vector<std::string>{"LOG", "SEGMENT", "STATE", ">BASE OFFSET",
                                              ">NEXT OFFSET", ">RECORDS", ">SIZE", "FIRST APPEND",
                                              "LAST APPEND", "CHECKSUMS"}) {}

  void Add(const std::string& log, const SegmentReport& segment) {
    if (format_ == SegmentFormat::kJsonLines) {
      json_ += ToJson(log, segment);
      return;
    }
    const bool table = format_ == SegmentFormat::kTable;
    const auto bytes = static_cast<int64_t>(segment.file_bytes);
    table_.Add({log, segment.path.substr(segment.path.rfind('/') + 1),
                std::string(StateOf(segment)), fmt::to_string(segment.base_offset.value),
                fmt::to_string(segment.next_offset.value), RecordsOf(segment, table ? "-" : ""),
                table ? FormatBytes(bytes) : fmt::to_string(bytes),
                Time(segment.first_append_timestamp_ms), Time(segment.last_append_timestamp_ms),
                ChecksumsOf(segment)});
  }

  std::string Take() const {
    if (format_ == SegmentFormat::kJsonLines) return json_;
    return format_ == SegmentFormat::kCsv ? table_.ToCsv() : table_.ToText();
  }

 private:
  const SegmentFormat format_;
  std::string json_;
  Table table_;
};

absl::StatusOr<std::string> List(const std::string& path, SegmentFormat format,
                                 inspect::Depth depth) {
  io::FileSystem& files = io::PosixFileSystem();
  const absl::StatusOr<survey::Survey> found = survey::SurveyPath(files, path);
  if (!found.ok()) return found.status();
  Lister lister(format);
  for (const survey::SurveyedLog& log : found->logs) {
    const auto bases = inspect::ListSegments(files, log.place.directory);
    if (!bases.ok()) return bases.status();
    for (const record::Offset base : *bases) {
      const std::string file = io::JoinPath(log.place.directory, log::SegmentFileName(base));
      if (path.ends_with(".log") && path != file) continue;
      const auto segment = inspect::InspectSegment(files, file, log.place.key, depth);
      if (!segment.ok()) return segment.status();
      lister.Add(NameOf(log), *segment);
    }
  }
  for (const inspect::Fault& fault : found->faults) Complain(DescribeFault("", fault));
  return lister.Take();
}

}  // namespace

ExitCode ListSegments(const GlobalOptions&, const SegmentFlags& flags) {
  const absl::StatusOr<SegmentFormat> format = ParseSegmentFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  const absl::StatusOr<std::string> text =
      List(AbsolutePath(flags.path), *format,
           flags.check ? inspect::Depth::kFrames : inspect::Depth::kOutline);
  if (!text.ok()) return Fail(text.status(), {});
  const absl::Status printed = Print(*text);
  return printed.ok() ? kOk : Fail(printed, {});
}

}  // namespace leat::cli
