// Errors that callers of the API are told apart by: an `absl::Status` that carries a reason and
// metadata.
//
// Made wherever the fault is known, passed up untouched, and turned into `google.rpc.ErrorInfo` by
// `server/rpc/status` alone. The reasons, their codes and their meaning are those of
// `leat.v1.ErrorReason`. Any thread.

#ifndef LEAT_STORAGE_RECORD_ERROR_H_
#define LEAT_STORAGE_RECORD_ERROR_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace leat::record {

// Names as in `leat.v1.ErrorReason`, where each is explained.
enum class Reason {
  kTopicNotFound,
  kPartitionNotFound,
  kTopicAlreadyExists,
  kInvalidField,
  kInvalidRecords,
  kUnknownField,
  kTooLarge,
  kChecksumMismatch,
  kOffsetOutOfRange,
  kTopicRecreated,
  kEarlierRequestFailed,
  kBacklogFull,
  kDiskFull,
  kServerStarting,
  kServerStopping,
  kAppendOutcomeUnknown,
  kPartitionOffline,
  kLogCorrupt,
  kLimitReached,
  kInternal,
  kCallEnded,
  kGroupNotFound,
  kGroupHasMembers,
  kFencedMemberEpoch,
  kInstanceReplaced,
  kMemberEvicted,
  kPartitionNotRevoked,
  kOutOfOrderSequence,
  kProducerFenced,
  kProducerExpired,
  kOffsetConflict,
  kDuplicatesNotSeparable,
  kKeysNotChecked,
};

using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// A status with the reason's own code (INVALID_ARGUMENT for kTooLarge, and so on; CANCELLED for
// kCallEnded).
absl::Status MakeError(Reason reason, std::string_view message, const ErrorMetadata& metadata = {});

// The reason of a status made by `MakeError`; nullopt for any other.
std::optional<Reason> ReasonOf(const absl::Status& status);

// What was given to `MakeError`.
ErrorMetadata MetadataOf(const absl::Status& status);

// Such as "TOO_LARGE".
std::string_view ReasonName(Reason reason);

// The opposite; nullopt for a name that this program does not know.
std::optional<Reason> ReasonFromName(std::string_view name);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_ERROR_H_
