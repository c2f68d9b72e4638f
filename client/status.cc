#include "client/status.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

constexpr char kDomain[] = "leat";

template <typename Message>
std::string TypeUrl() {
  return absl::StrCat("type.googleapis.com/", Message::descriptor()->full_name());
}

template <typename Message>
std::optional<Message> DetailOf(const absl::Status& status) {
  const absl::optional<absl::Cord> bytes = status.GetPayload(TypeUrl<Message>());
  Message message;
  if (!bytes.has_value() || !message.ParseFromString(std::string(*bytes))) return std::nullopt;
  return message;
}

// Whether the server itself made this status, even if for a reason that this version does not know.
bool IsFromServer(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  return record::ReasonOf(status).has_value() || (info.has_value() && info->domain() == kDomain);
}

void AddReason(const google::rpc::ErrorInfo& info, absl::Status& status) {
  if (info.domain() != kDomain) return;
  const std::optional<record::Reason> reason = record::ReasonFromName(info.reason());
  if (!reason.has_value()) return;
  record::ErrorMetadata metadata(info.metadata().begin(), info.metadata().end());
  // A reason has one code, except where the call's end decides it: the code that was sent stays.
  record::MakeError(*reason, std::string(status.message()), metadata)
      .ForEachPayload([&status](absl::string_view url, const absl::Cord& bytes) {
        status.SetPayload(url, bytes);
      });
}

}  // namespace

absl::Status FromRpcStatus(const google::rpc::Status& rpc_status) {
  absl::Status status(static_cast<absl::StatusCode>(rpc_status.code()), rpc_status.message());
  for (const google::protobuf::Any& detail : rpc_status.details()) {
    google::rpc::ErrorInfo info;
    if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info)) AddReason(info, status);
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

AppendOutcome AppendOutcomeOf(const absl::Status& status) {
  if (status.ok()) return AppendOutcome::kAppended;
  const std::optional<record::Reason> reason = record::ReasonOf(status);
  if (!reason.has_value()) {
    return absl::IsUnavailable(status) && IsFromServer(status) ? AppendOutcome::kNotAppended
                                                               : AppendOutcome::kUnknown;
  }
  switch (*reason) {
    case record::Reason::kAppendOutcomeUnknown:
    case record::Reason::kInternal:
    case record::Reason::kCallEnded:
      return AppendOutcome::kUnknown;
    default:
      return AppendOutcome::kNotAppended;
  }
}

bool MayRetryAppend(const absl::Status& status) {
  if (status.ok() || AppendOutcomeOf(status) != AppendOutcome::kNotAppended) return false;
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         record::ReasonOf(status) == record::Reason::kEarlierRequestFailed;
}

bool MayRetryRead(const absl::Status& status) {
  return absl::IsUnavailable(status) || record::ReasonOf(status) == record::Reason::kBacklogFull;
}

bool MayJoinAgain(const absl::Status& status) {
  const std::optional<record::Reason> reason = record::ReasonOf(status);
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return true;
    case absl::StatusCode::kAborted:
      return reason != record::Reason::kInstanceReplaced;
    case absl::StatusCode::kResourceExhausted:
      return reason != record::Reason::kLimitReached;
    default:
      return reason == record::Reason::kPartitionOffline;
  }
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::RetryInfo>(status);
  if (!info.has_value()) return std::nullopt;
  return absl::Seconds(info->retry_delay().seconds()) +
         absl::Nanoseconds(info->retry_delay().nanos());
}

std::optional<int64_t> MetadataNumber(const absl::Status& status, std::string_view key) {
  for (const auto& [name, value] : record::MetadataOf(status)) {
    int64_t number = 0;
    if (name == key && absl::SimpleAtoi(value, &number)) return number;
  }
  return std::nullopt;
}

}  // namespace leat::client
