#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/segment_printer.h"
#include "cli/segment_text.h"
#include "cli/segment_verbs.h"
#include "fmt/format.h"
#include "storage/inspect/segment_report.h"
#include "storage/io/posix_file_system.h"

namespace leat::cli {
namespace {

DumpDepth ParseDepth(const std::string& name) {
  if (name == "frames") return DumpDepth::kFrames;
  return name == "batches" ? DumpDepth::kBatches : DumpDepth::kRecords;
}

absl::Status Dump(const std::string& path, DumpDepth depth, SegmentFormat format) {
  io::FileSystem& files = io::PosixFileSystem();
  // Once to learn what is damaged, once to print: memory does not depend on the segment's size.
  const auto report = inspect::InspectSegment(files, path, std::nullopt, inspect::Depth::kFrames);
  if (!report.ok()) return report.status();
  SegmentPrinter printer(depth, format);
  Output output(1);
  absl::Status written;
  printer.Begin(*report, output.buffer());
  const auto again =
      inspect::InspectSegment(files, path, std::nullopt, inspect::Depth::kFrames,
                              [&](io::FilePosition position, const log::ParsedFrame& frame) {
                                if (!written.ok()) return;
                                printer.Add(position, frame, output.buffer());
                                written = output.MayFlush();
                              });
  if (!again.ok()) return again.status();
  printer.End(output.buffer());
  return output.Flush();
}

}  // namespace

ExitCode DumpSegment(const GlobalOptions&, const SegmentFlags& flags) {
  const absl::StatusOr<SegmentFormat> format = ParseSegmentFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  if (*format == SegmentFormat::kCsv) {
    return Fail(absl::InvalidArgumentError("dump prints table or jsonl"), {});
  }
  const absl::Status dumped = Dump(AbsolutePath(flags.path), ParseDepth(flags.depth), *format);
  return dumped.ok() || IsClosed(dumped) ? kOk : Fail(dumped, {});
}

}  // namespace leat::cli
