#include "client/status.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

using record::MakeError;
using record::Reason;

google::rpc::Status RpcStatus(absl::StatusCode code, const std::string& reason,
                              const std::string& domain = "leat") {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(domain);
  (*info.mutable_metadata())["topic"] = "orders";
  google::rpc::Status status;
  status.set_code(static_cast<int>(code));
  status.set_message("what happened");
  status.add_details()->PackFrom(info);
  return status;
}

TEST(StatusTest, KeepsCodeMessageReasonAndMetadata) {
  const absl::Status status =
      FromRpcStatus(RpcStatus(absl::StatusCode::kNotFound, "TOPIC_NOT_FOUND"));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "what happened");
  EXPECT_EQ(record::ReasonOf(status), Reason::kTopicNotFound);
  EXPECT_EQ(record::MetadataOf(status), (record::ErrorMetadata{{"topic", "orders"}}));
}

TEST(StatusTest, KeepsTheCodeThatWasSent) {
  const absl::Status status =
      FromRpcStatus(RpcStatus(absl::StatusCode::kDeadlineExceeded, "CALL_ENDED"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(record::ReasonOf(status), Reason::kCallEnded);
}

TEST(StatusTest, OthersReasonsAreNotOurs) {
  const absl::Status status =
      FromRpcStatus(RpcStatus(absl::StatusCode::kUnavailable, "SERVER_STOPPING", "mesh.example"));
  EXPECT_EQ(record::ReasonOf(status), std::nullopt);
  EXPECT_EQ(AppendOutcomeOf(status), AppendOutcome::kUnknown);
}

TEST(StatusTest, UnavailableFromTheServerMeansNotAppendedWhateverTheReason) {
  const absl::Status status =
      FromRpcStatus(RpcStatus(absl::StatusCode::kUnavailable, "SERVER_MOVED_TO_MARS"));
  EXPECT_EQ(record::ReasonOf(status), std::nullopt);
  EXPECT_EQ(AppendOutcomeOf(status), AppendOutcome::kNotAppended);
  EXPECT_TRUE(MayRetryAppend(status));
}

TEST(StatusTest, ReadsTheRetryDelay) {
  google::rpc::Status rpc_status = RpcStatus(absl::StatusCode::kResourceExhausted, "BACKLOG_FULL");
  EXPECT_EQ(RetryDelayOf(FromRpcStatus(rpc_status)), std::nullopt);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  rpc_status.add_details()->PackFrom(retry);
  EXPECT_EQ(RetryDelayOf(FromRpcStatus(rpc_status)), absl::Milliseconds(1500));
}

TEST(StatusTest, OutcomesOfAppends) {
  EXPECT_EQ(AppendOutcomeOf(absl::OkStatus()), AppendOutcome::kAppended);
  for (Reason reason : {Reason::kTooLarge, Reason::kBacklogFull, Reason::kPartitionOffline,
                        Reason::kServerStarting, Reason::kLogCorrupt}) {
    EXPECT_EQ(AppendOutcomeOf(MakeError(reason, "")), AppendOutcome::kNotAppended);
  }
  for (const absl::Status& status :
       {MakeError(Reason::kAppendOutcomeUnknown, ""), MakeError(Reason::kInternal, ""),
        MakeError(Reason::kCallEnded, ""), absl::UnavailableError("connection reset"),
        absl::DeadlineExceededError(""), absl::CancelledError("")}) {
    EXPECT_EQ(AppendOutcomeOf(status), AppendOutcome::kUnknown) << status;
    EXPECT_FALSE(MayRetryAppend(status)) << status;
  }
}

TEST(StatusTest, OnlyWhatPassesIsSentAgain) {
  for (Reason reason : {Reason::kBacklogFull, Reason::kDiskFull, Reason::kServerStarting,
                        Reason::kServerStopping, Reason::kEarlierRequestFailed}) {
    EXPECT_TRUE(MayRetryAppend(MakeError(reason, "")));
  }
  for (Reason reason : {Reason::kTooLarge, Reason::kTopicNotFound, Reason::kPartitionOffline,
                        Reason::kTopicRecreated}) {
    EXPECT_FALSE(MayRetryAppend(MakeError(reason, "")));
  }
}

}  // namespace
}  // namespace leat::client
