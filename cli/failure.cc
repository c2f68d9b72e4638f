#include "cli/failure.h"

#include <cstdio>
#include <optional>

#include "cli/output.h"
#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::cli {
namespace {

using record::Reason;

// What to do next; empty when the message says all there is to say.
std::string HintFor(const absl::Status& status, Reason reason, const Subject& subject) {
  switch (reason) {
    case Reason::kTopicNotFound:
      return fmt::format("'leat topic create {}' makes it, 'leat topic ls' shows what there is",
                         subject.topic);
    case Reason::kPartitionNotFound:
      return fmt::format("'leat topic describe {}' shows the partitions", subject.topic);
    case Reason::kTopicAlreadyExists:
      return fmt::format("'leat topic describe {}' shows it", subject.topic);
    case Reason::kOffsetOutOfRange:
      if (MetadataValue(status, "logStartOffset").empty()) return "";
      return fmt::format(
          "readable are offsets {} up to {}; '-o start' takes the first, '-p' other "
          "partitions only",
          MetadataValue(status, "logStartOffset"), MetadataValue(status, "highWatermark"));
    case Reason::kTopicRecreated:
      return "it was deleted and made again meanwhile; look at it and try again";
    case Reason::kBacklogFull:
      return "the server is busy; try again, or send less at once";
    case Reason::kDiskFull:
      return "free space on the server's disk, or shorten the retention of topics";
    case Reason::kServerStarting:
    case Reason::kServerStopping:
      return "nothing was appended; try again in a moment";
    case Reason::kAppendOutcomeUnknown:
      return "the records may or may not be in the log; look before sending them again";
    case Reason::kPartitionOffline:
      return "the server's log says why; it takes writes again after a restart";
    case Reason::kLogCorrupt:
      return "'leat topic describe' shows what can still be read, 'leat segment verify', with the "
             "server stopped, what to do";
    case Reason::kTooLarge:
      return fmt::format(
          "serialized, a record has a few bytes more than its key, value and headers; 'leat topic "
          "set {} max_record_bytes=...' or max_batch_bytes=... allow more",
          subject.topic);
    case Reason::kKeysNotChecked:
      return fmt::format("'leat topic set {} checked_keys=100000' makes it remember so many",
                         subject.topic);
    case Reason::kGroupNotFound:
      return fmt::format("'leat group ls' shows what there is, 'leat consume -g {}' makes it",
                         subject.group);
    case Reason::kGroupHasMembers:
      return fmt::format("stop them ('leat group describe {}' names them), or add --force",
                         subject.group);
    case Reason::kInstanceReplaced:
      return "another process has joined with this --instance-id; give each its own";
    default:
      return "";
  }
}

std::string HintWithoutReason(const absl::Status& status, const Subject& subject) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return fmt::format(
          "is a server listening on {}? 'leat serve' starts one, '-s HOST:PORT' names another",
          subject.server);
    case absl::StatusCode::kDeadlineExceeded:
      return "'leat server health' tells whether the server is well";
    case absl::StatusCode::kUnimplemented:
      return fmt::format("is {} a Leat server, and of this version?", subject.server);
    default:
      return "";
  }
}

}  // namespace

std::string MetadataValue(const absl::Status& status, std::string_view key) {
  for (const auto& [name, value] : record::MetadataOf(status)) {
    if (name == key) return value;
  }
  return "";
}

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kOk;
    case absl::StatusCode::kNotFound:
      return kNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kUnavailable;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return kConflict;
    case absl::StatusCode::kFailedPrecondition:
      return record::ReasonOf(status) == Reason::kTopicRecreated ||
                     record::ReasonOf(status) == Reason::kGroupHasMembers
                 ? kConflict
                 : kFailed;
    case absl::StatusCode::kInvalidArgument: {
      // Fields come from the command line; records do not.
      const std::optional<Reason> reason = record::ReasonOf(status);
      return !reason.has_value() || reason == Reason::kInvalidField ? kUsage : kFailed;
    }
    default:
      return kFailed;
  }
}

std::string Explain(const absl::Status& status, const Subject& subject) {
  const std::optional<Reason> reason = record::ReasonOf(status);
  const std::string hint =
      reason.has_value() ? HintFor(status, *reason, subject) : HintWithoutReason(status, subject);
  std::string message(status.message());
  if (message.empty()) message = absl::StatusCodeToString(status.code());
  for (char& c : message) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return hint.empty() ? message : fmt::format("{}; {}", message, hint);
}

void Say(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void Complain(std::string_view message) { Say(fmt::format("leat: {}\n", message)); }

ExitCode Fail(const absl::Status& status, const Subject& subject) {
  Complain(Explain(status, subject));
  return ExitCodeOf(status);
}

ExitCode PrintOrFail(const std::string& text) {
  const absl::Status status = Print(text);
  return status.ok() ? kOk : Fail(status, {});
}

}  // namespace leat::cli
