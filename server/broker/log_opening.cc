#include "server/broker/log_opening.h"

#include <string>

namespace leat::broker {

absl::StatusOr<log::RecoveredLog> RecoverOrMarkCorrupt(io::FileSystem& files,
                                                       const log::RecoveryInput& input) {
  absl::StatusOr<log::RecoveredLog> recovered = log::RecoverLog(files, input);
  if (absl::IsDataLoss(recovered.status())) return Unreadable(input, recovered.status());
  return recovered;
}

log::RecoveredLog Unreadable(const log::RecoveryInput& input, const absl::Status& status) {
  log::RecoveredLog log;
  log.log_start = input.log_start;
  log.next_offset = input.log_start;
  log.corrupt = log::Finding{.kind = log::Finding::Kind::kCorrupt,
                             .file = input.directory,
                             .offset = input.log_start,
                             .detail = std::string(status.message())};
  log.findings.push_back(*log.corrupt);
  return log;
}

log::RecoveredLog SummaryOf(const log::RecoveredLog& recovered) {
  return {.log_start = recovered.log_start,
          .next_offset = recovered.next_offset,
          .corrupt = recovered.corrupt,
          .findings = recovered.findings,
          .bytes_checked = recovered.bytes_checked};
}

}  // namespace leat::broker
