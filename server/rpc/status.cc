#include "server/rpc/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "google/rpc/error_details.pb.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Reason;

// Together below 4 KiB.
constexpr size_t kMaxMessageBytes = 512;
constexpr size_t kMaxEntries = 8;
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxValueBytes = 200;

// Texts quote what clients sent, and a protobuf string must be UTF-8.
std::string Printable(std::string_view text, size_t max_bytes) {
  std::string result;
  for (const char c : text) {
    std::string next = c >= 0x20 && c < 0x7f
                           ? std::string(1, c)
                           : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    if (result.size() + next.size() > max_bytes - 3) return result + "...";
    result += next;
  }
  return result;
}

Reason ReasonOrDefault(const absl::Status& status) {
  if (const auto reason = record::ReasonOf(status)) return *reason;
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status) ? Reason::kCallEnded
                                                                       : Reason::kInternal;
}

absl::StatusCode CodeOf(const absl::Status& status, Reason reason) {
  const bool ours = record::ReasonOf(status).has_value() || reason == Reason::kCallEnded;
  return ours ? status.code() : absl::StatusCode::kInternal;
}

int RetryDelayMillis(Reason reason) {
  switch (reason) {
    case Reason::kBacklogFull:
      return 100;
    case Reason::kServerStarting:
    case Reason::kServerStopping:
      return 1'000;
    default:
      return 0;
  }
}

google::rpc::BadRequest BadRequestOf(const record::ErrorMetadata& violations) {
  google::rpc::BadRequest bad;
  for (size_t i = 0; i < std::min(violations.size(), kMaxEntries); ++i) {
    auto* violation = bad.add_field_violations();
    violation->set_field(Printable(violations[i].first, kMaxNameBytes));
    violation->set_description(Printable(violations[i].second, kMaxValueBytes));
  }
  return bad;
}

google::rpc::ErrorInfo ErrorInfoOf(Reason reason, const record::ErrorMetadata& metadata) {
  google::rpc::ErrorInfo info;
  info.set_domain("leat");
  info.set_reason(std::string(record::ReasonName(reason)));
  if (reason == Reason::kInvalidField) return info;
  for (size_t i = 0; i < std::min(metadata.size(), kMaxEntries); ++i) {
    (*info.mutable_metadata())[Printable(metadata[i].first, kMaxNameBytes)] =
        Printable(metadata[i].second, kMaxValueBytes);
  }
  return info;
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  if (status.ok()) return result;
  const Reason reason = ReasonOrDefault(status);
  const record::ErrorMetadata metadata = record::MetadataOf(status);
  result.set_code(static_cast<int>(CodeOf(status, reason)));
  result.set_message(
      Printable({status.message().data(), status.message().size()}, kMaxMessageBytes));
  result.add_details()->PackFrom(ErrorInfoOf(reason, metadata));
  if (const int delay = RetryDelayMillis(reason); delay > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(delay / 1'000);
    retry.mutable_retry_delay()->set_nanos(delay % 1'000 * 1'000'000);
    result.add_details()->PackFrom(retry);
  }
  if (reason == Reason::kInvalidField) result.add_details()->PackFrom(BadRequestOf(metadata));
  return result;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status rpc = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(rpc.code()), rpc.message(),
                      rpc.SerializeAsString());
}

absl::Status WithPartition(const absl::Status& status, uint32_t partition) {
  const std::optional<record::Reason> reason = record::ReasonOf(status);
  if (!reason.has_value()) return status;
  record::ErrorMetadata metadata = record::MetadataOf(status);
  const bool named = std::any_of(metadata.begin(), metadata.end(),
                                 [](const auto& entry) { return entry.first == "partition"; });
  if (!named) metadata.emplace_back("partition", std::to_string(partition));
  return record::MakeError(*reason, std::string(status.message()), metadata);
}

}  // namespace leat::rpc
