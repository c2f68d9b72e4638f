// Errors of the server as `absl::Status`: code and message as sent, the reason for
// `record::ReasonOf`, and every detail as a payload under its type's URL. Any thread.

#ifndef LEAT_CLIENT_STATUS_H_
#define LEAT_CLIENT_STATUS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace google::rpc {
class Status;
}

namespace leat::client {

// What became of records that were sent.
enum class AppendOutcome {
  kAppended,
  // They are not in the log, for certain: sending them again cannot double them.
  kNotAppended,
  // They may be in the log: sending them again may append them twice.
  kUnknown,
};

// What the status of an append says about its records.
AppendOutcome AppendOutcomeOf(const absl::Status& status);

// Whether an append that ended so may be sent again as it is: it was not appended, and what
// hindered it passes by itself.
bool MayRetryAppend(const absl::Status& status);

// Whether a read that ended so may be begun again: the connection or the server went away, or the
// server was too busy.
bool MayRetryRead(const absl::Status& status);

// Whether a member of a group may join again after its stream ended so. What breaks connections
// comes without a reason and with many a code, as proxies put it.
bool MayJoinAgain(const absl::Status& status);

// How long the server asks to wait before the next try, if it does.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// The number under `key` in the metadata of the reason, if there is one.
std::optional<int64_t> MetadataNumber(const absl::Status& status, std::string_view key);

absl::Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace leat::client

#endif  // LEAT_CLIENT_STATUS_H_
