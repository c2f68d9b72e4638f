// What the verbs of `leat segment` say of places and damage. Pure, but for `AbsolutePath`.

#ifndef LEAT_CLI_SEGMENT_TEXT_H_
#define LEAT_CLI_SEGMENT_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/survey/survey.h"
#include "storage/inspect/fault.h"
#include "storage/log/recovery.h"

namespace leat::cli {

enum class SegmentFormat { kTable, kJsonLines, kCsv };

// INVALID_ARGUMENT for an unknown name.
absl::StatusOr<SegmentFormat> ParseSegmentFormat(std::string_view name);

// The path without dots and symbolic links, from the root on.
std::string AbsolutePath(const std::string& path);

// "orders/3", "__meta".
std::string NameOf(const survey::SurveyedLog& log);

// Several lines: what, what it means, what to do. `log` is empty for a file that is no segment.
std::string DescribeFault(const std::string& log, const inspect::Fault& fault);
// The same as one object.
std::string FaultToJson(const std::string& log, const inspect::Fault& fault);

// A line on what the next start of a server does by itself.
std::string DescribeFinding(const log::Finding& finding);

// "offset 7", "offsets 7 to 9", for the records [begin, end).
std::string DescribeRange(record::Offset begin, record::Offset end);

}  // namespace leat::cli

#endif  // LEAT_CLI_SEGMENT_TEXT_H_
