// A segment as `leat segment dump` prints it: its header, frames, batches and records in the order
// of the file, what is damaged where it lies, its footer. Pure.

#ifndef LEAT_CLI_SEGMENT_PRINTER_H_
#define LEAT_CLI_SEGMENT_PRINTER_H_

#include <cstddef>
#include <string>

#include "cli/segment_text.h"
#include "storage/inspect/segment_report.h"
#include "storage/io/file_system.h"
#include "storage/log/frame.h"
#include "storage/record/batch.h"

namespace leat::cli {

enum class DumpDepth { kFrames, kBatches, kRecords };

class SegmentPrinter {
 public:
  SegmentPrinter(DumpDepth depth, SegmentFormat format) : depth_(depth), format_(format) {}

  // What the segment is. `report`, of the same file, must outlive this.
  void Begin(const inspect::SegmentReport& report, std::string* out);
  // The next sound frame.
  void Add(io::FilePosition position, const log::ParsedFrame& frame, std::string* out);
  void End(std::string* out);

 private:
  void AddGaps(io::FilePosition before, std::string* out);
  void AddBatch(const record::Batch& batch, std::string* out) const;
  void AddRecords(const record::Batch& batch, std::string* out) const;

  const DumpDepth depth_;
  const SegmentFormat format_;
  const inspect::SegmentReport* report_ = nullptr;
  size_t gaps_printed_ = 0;
};

}  // namespace leat::cli

#endif  // LEAT_CLI_SEGMENT_PRINTER_H_
