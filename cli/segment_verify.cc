#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "cli/segment_text.h"
#include "cli/segment_verbs.h"
#include "fmt/format.h"
#include "server/survey/survey.h"
#include "storage/inspect/log_report.h"
#include "storage/io/posix_file_system.h"
#include "storage/log/producer_snapshot.h"

namespace leat::cli {
namespace {

class Verifier {
 public:
  Verifier(io::FileSystem& files, SegmentFormat format) : files_(files), format_(format) {}

  // `segment` is empty, or the one that is asked for.
  absl::Status Run(const survey::Survey& found, const std::string& segment) {
    for (const inspect::Fault& fault : found.faults) Tell("", fault);
    for (const log::Finding& finding : found.at_start) Tell(finding);
    for (const survey::SurveyedLog& log : found.logs) {
      const auto report = inspect::InspectLog(files_, log.place, inspect::Depth::kFrames);
      if (!report.ok()) return report.status();
      ++logs_;
      for (const inspect::SegmentReport& part : report->segments) {
        if (!segment.empty() && part.path != segment) continue;
        ++segments_;
        bytes_ += part.file_bytes;
      }
      for (const inspect::Fault& fault : report->faults) {
        if (segment.empty() || fault.file == segment) Tell(NameOf(log), fault);
      }
      for (const log::Finding& finding : report->at_start) {
        if (segment.empty() || finding.file == segment) Tell(log, report->next_offset, finding);
      }
    }
    return absl::OkStatus();
  }

  int64_t damages() const { return damages_; }
  const std::string& text() const { return text_; }

  std::string Summary() const {
    return fmt::format("checked {}, {}, {}: {}", Count(logs_, "log"), Count(segments_, "segment"),
                       FormatBytes(static_cast<int64_t>(bytes_)),
                       damages_ == 0 ? "no damage" : Count(damages_, "damaged place"));
  }

 private:
  void Tell(const std::string& log, const inspect::Fault& fault) {
    ++damages_;
    text_ += format_ == SegmentFormat::kTable ? DescribeFault(log, fault) : FaultToJson(log, fault);
  }
  // What the next start will mend by itself is no damage, unless producers are forgotten by that.
  // After a repair that cut records off, those were not told to be there.
  void Tell(const survey::SurveyedLog& log, record::Offset log_end, const log::Finding& finding) {
    if (finding.kind != log::Finding::Kind::kProducersRebuilt) return Tell(finding);
    const auto snapshot = log::ReadProducerSnapshot(files_, log.place.directory, log.place.key);
    if (snapshot.ok() && snapshot->place.next_offset > log_end) return Tell(finding);
    Tell(NameOf(log), {.kind = inspect::Fault::Kind::kProducers,
                       .file = finding.file,
                       .offset = finding.offset,
                       .next_offset = finding.offset,
                       .what = "at the next start " + finding.detail});
  }
  void Tell(const log::Finding& finding) {
    if (format_ == SegmentFormat::kTable) text_ += DescribeFinding(finding);
  }

  io::FileSystem& files_;
  const SegmentFormat format_;
  std::string text_;
  int64_t damages_ = 0;
  int64_t logs_ = 0;
  int64_t segments_ = 0;
  uint64_t bytes_ = 0;
};

ExitCode Verify(const GlobalOptions& globals, const std::string& path, SegmentFormat format) {
  io::FileSystem& files = io::PosixFileSystem();
  // What a server changes meanwhile would look like damage.
  const auto lock = survey::LockForTool(files, path);
  if (!lock.ok()) return Fail(lock.status(), {});
  const absl::StatusOr<survey::Survey> found = survey::SurveyPath(files, path);
  if (!found.ok()) return Fail(found.status(), {});
  Verifier verifier(files, format);
  const bool segment = path.ends_with(".log");
  const absl::Status verified = verifier.Run(*found, segment ? path : std::string());
  if (!verified.ok()) return Fail(verified, {});
  const absl::Status printed = Print(verifier.text());
  if (!printed.ok()) return Fail(printed, {});
  globals.Tell(verifier.Summary());
  return verifier.damages() == 0 ? kOk : kFailed;
}

}  // namespace

ExitCode VerifySegments(const GlobalOptions& globals, const SegmentFlags& flags) {
  const absl::StatusOr<SegmentFormat> format = ParseSegmentFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  return Verify(globals, AbsolutePath(flags.path), *format);
}

}  // namespace leat::cli
