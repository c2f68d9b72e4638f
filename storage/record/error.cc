#include "storage/record/error.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/record/wire.h"

namespace leat::record {
namespace {

struct ReasonInfo {
  Reason reason;
  std::string_view name;
  absl::StatusCode code;
};

constexpr ReasonInfo kReasons[] = {
    {Reason::kTopicNotFound, "TOPIC_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kPartitionNotFound, "PARTITION_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kTopicAlreadyExists, "TOPIC_ALREADY_EXISTS", absl::StatusCode::kAlreadyExists},
    {Reason::kInvalidField, "INVALID_FIELD", absl::StatusCode::kInvalidArgument},
    {Reason::kInvalidRecords, "INVALID_RECORDS", absl::StatusCode::kInvalidArgument},
    {Reason::kUnknownField, "UNKNOWN_FIELD", absl::StatusCode::kInvalidArgument},
    {Reason::kTooLarge, "TOO_LARGE", absl::StatusCode::kInvalidArgument},
    {Reason::kChecksumMismatch, "CHECKSUM_MISMATCH", absl::StatusCode::kInvalidArgument},
    {Reason::kOffsetOutOfRange, "OFFSET_OUT_OF_RANGE", absl::StatusCode::kOutOfRange},
    {Reason::kTopicRecreated, "TOPIC_RECREATED", absl::StatusCode::kFailedPrecondition},
    {Reason::kEarlierRequestFailed, "EARLIER_REQUEST_FAILED", absl::StatusCode::kAborted},
    {Reason::kBacklogFull, "BACKLOG_FULL", absl::StatusCode::kResourceExhausted},
    {Reason::kDiskFull, "DISK_FULL", absl::StatusCode::kResourceExhausted},
    {Reason::kServerStarting, "SERVER_STARTING", absl::StatusCode::kUnavailable},
    {Reason::kServerStopping, "SERVER_STOPPING", absl::StatusCode::kUnavailable},
    {Reason::kAppendOutcomeUnknown, "APPEND_OUTCOME_UNKNOWN", absl::StatusCode::kUnknown},
    {Reason::kPartitionOffline, "PARTITION_OFFLINE", absl::StatusCode::kFailedPrecondition},
    {Reason::kLogCorrupt, "LOG_CORRUPT", absl::StatusCode::kDataLoss},
    {Reason::kLimitReached, "LIMIT_REACHED", absl::StatusCode::kResourceExhausted},
    {Reason::kInternal, "INTERNAL", absl::StatusCode::kInternal},
    {Reason::kCallEnded, "CALL_ENDED", absl::StatusCode::kCancelled},
    {Reason::kGroupNotFound, "GROUP_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kGroupHasMembers, "GROUP_HAS_MEMBERS", absl::StatusCode::kFailedPrecondition},
    {Reason::kFencedMemberEpoch, "FENCED_MEMBER_EPOCH", absl::StatusCode::kAborted},
    {Reason::kInstanceReplaced, "INSTANCE_REPLACED", absl::StatusCode::kAborted},
    {Reason::kMemberEvicted, "MEMBER_EVICTED", absl::StatusCode::kAborted},
    {Reason::kPartitionNotRevoked, "PARTITION_NOT_REVOKED", absl::StatusCode::kFailedPrecondition},
    {Reason::kOutOfOrderSequence, "OUT_OF_ORDER_SEQUENCE", absl::StatusCode::kFailedPrecondition},
    {Reason::kProducerFenced, "PRODUCER_FENCED", absl::StatusCode::kFailedPrecondition},
    {Reason::kProducerExpired, "PRODUCER_EXPIRED", absl::StatusCode::kFailedPrecondition},
    {Reason::kOffsetConflict, "OFFSET_CONFLICT", absl::StatusCode::kAborted},
    {Reason::kDuplicatesNotSeparable, "DUPLICATES_NOT_SEPARABLE",
     absl::StatusCode::kFailedPrecondition},
    {Reason::kKeysNotChecked, "KEYS_NOT_CHECKED", absl::StatusCode::kFailedPrecondition},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kReasons); ++i) {
    if (static_cast<size_t>(kReasons[i].reason) != i) return false;
  }
  return static_cast<size_t>(Reason::kKeysNotChecked) + 1 == std::size(kReasons);
}
static_assert(InOrder(), "kReasons is indexed by Reason");

const ReasonInfo& InfoOf(Reason reason) { return kReasons[static_cast<size_t>(reason)]; }

// The payload that carries what an `absl::Status` has no place for: the reason's number, then keys
// and values by turns.
constexpr absl::string_view kPayloadUrl = "leat.dev/error";

struct Payload {
  Reason reason;
  ErrorMetadata metadata;
};

absl::Cord EncodePayload(Reason reason, const ErrorMetadata& metadata) {
  std::string bytes;
  AppendVarint(static_cast<uint64_t>(reason), &bytes);
  for (const auto& [key, value] : metadata) {
    AppendBytes(key, &bytes);
    AppendBytes(value, &bytes);
  }
  return absl::Cord(std::move(bytes));
}

std::optional<Payload> PayloadOf(const absl::Status& status) {
  const absl::optional<absl::Cord> cord = status.GetPayload(kPayloadUrl);
  if (!cord.has_value()) return std::nullopt;
  const std::string bytes(*cord);
  WireReader reader(bytes);
  uint64_t reason = 0;
  if (!reader.ReadVarint(&reason) || reason >= std::size(kReasons)) return std::nullopt;
  Payload payload{.reason = static_cast<Reason>(reason)};
  while (!reader.done()) {
    std::string_view key;
    std::string_view value;
    if (!reader.ReadBytes(&key) || !reader.ReadBytes(&value)) return std::nullopt;
    payload.metadata.emplace_back(key, value);
  }
  return payload;
}

}  // namespace

absl::Status MakeError(Reason reason, std::string_view message, const ErrorMetadata& metadata) {
  absl::Status status(InfoOf(reason).code, absl::string_view(message.data(), message.size()));
  status.SetPayload(kPayloadUrl, EncodePayload(reason, metadata));
  return status;
}

std::optional<Reason> ReasonOf(const absl::Status& status) {
  const std::optional<Payload> payload = PayloadOf(status);
  if (!payload.has_value()) return std::nullopt;
  return payload->reason;
}

ErrorMetadata MetadataOf(const absl::Status& status) {
  std::optional<Payload> payload = PayloadOf(status);
  if (!payload.has_value()) return {};
  return std::move(payload->metadata);
}

std::string_view ReasonName(Reason reason) { return InfoOf(reason).name; }

std::optional<Reason> ReasonFromName(std::string_view name) {
  for (const ReasonInfo& info : kReasons) {
    if (info.name == name) return info.reason;
  }
  return std::nullopt;
}

}  // namespace leat::record
