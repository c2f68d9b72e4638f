#include "server/rpc/status.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::MakeError;
using record::Reason;

// The one detail of type T; fails when there is none or more than one.
template <typename T>
T DetailOf(const google::rpc::Status& status) {
  T detail;
  int found = 0;
  for (const auto& any : status.details()) found += any.UnpackTo(&detail);
  EXPECT_EQ(found, 1) << status.ShortDebugString();
  return detail;
}

template <typename T>
bool Has(const google::rpc::Status& status) {
  for (const auto& any : status.details()) {
    if (any.Is<T>()) return true;
  }
  return false;
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(Status, CarriesReasonDomainAndMetadata) {
  const grpc::Status status =
      ToGrpcStatus(MakeError(Reason::kOffsetOutOfRange, "too late", {{"logStartOffset", "7"}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(status.error_message(), "too late");
  const auto details = DetailsOf(status);
  EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(details.message(), "too late");
  const auto info = DetailOf<google::rpc::ErrorInfo>(details);
  EXPECT_EQ(info.reason(), "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(info.domain(), "leat");
  EXPECT_EQ(info.metadata().at("logStartOffset"), "7");
  EXPECT_EQ(details.details_size(), 1);
}

TEST(Status, OkIsOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()).code(), 0);
}

// The contract of reliability: codes as clients see them.
TEST(Status, EveryReasonHasItsCode) {
  using grpc::StatusCode;
  const std::map<Reason, StatusCode> codes = {
      {Reason::kTopicNotFound, StatusCode::NOT_FOUND},
      {Reason::kPartitionNotFound, StatusCode::NOT_FOUND},
      {Reason::kTopicAlreadyExists, StatusCode::ALREADY_EXISTS},
      {Reason::kInvalidField, StatusCode::INVALID_ARGUMENT},
      {Reason::kInvalidRecords, StatusCode::INVALID_ARGUMENT},
      {Reason::kUnknownField, StatusCode::INVALID_ARGUMENT},
      {Reason::kTooLarge, StatusCode::INVALID_ARGUMENT},
      {Reason::kChecksumMismatch, StatusCode::INVALID_ARGUMENT},
      {Reason::kOffsetOutOfRange, StatusCode::OUT_OF_RANGE},
      {Reason::kTopicRecreated, StatusCode::FAILED_PRECONDITION},
      {Reason::kEarlierRequestFailed, StatusCode::ABORTED},
      {Reason::kBacklogFull, StatusCode::RESOURCE_EXHAUSTED},
      {Reason::kDiskFull, StatusCode::RESOURCE_EXHAUSTED},
      {Reason::kServerStarting, StatusCode::UNAVAILABLE},
      {Reason::kServerStopping, StatusCode::UNAVAILABLE},
      {Reason::kAppendOutcomeUnknown, StatusCode::UNKNOWN},
      {Reason::kPartitionOffline, StatusCode::FAILED_PRECONDITION},
      {Reason::kLogCorrupt, StatusCode::DATA_LOSS},
      {Reason::kLimitReached, StatusCode::RESOURCE_EXHAUSTED},
      {Reason::kInternal, StatusCode::INTERNAL},
  };
  for (const auto& [reason, code] : codes) {
    const grpc::Status status = ToGrpcStatus(MakeError(reason, "x"));
    EXPECT_EQ(status.error_code(), code) << record::ReasonName(reason);
    EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(DetailsOf(status)).reason(),
              record::ReasonName(reason));
  }
}

TEST(Status, RetryInfoComesWithWhatPasses) {
  for (const Reason reason :
       {Reason::kBacklogFull, Reason::kServerStarting, Reason::kServerStopping}) {
    const auto delay =
        DetailOf<google::rpc::RetryInfo>(ToRpcStatus(MakeError(reason, "x"))).retry_delay();
    EXPECT_GT(delay.seconds() + delay.nanos(), 0);
  }
  EXPECT_FALSE(Has<google::rpc::RetryInfo>(ToRpcStatus(MakeError(Reason::kDiskFull, "x"))));
}

TEST(Status, ViolationsBecomeABadRequest) {
  const auto status =
      ToRpcStatus(MakeError(Reason::kInvalidField, "x", {{"a", "is bad"}, {"b", "is worse"}}));
  const auto bad = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(1).field(), "b");
  EXPECT_EQ(bad.field_violations(1).description(), "is worse");
  EXPECT_TRUE(DetailOf<google::rpc::ErrorInfo>(status).metadata().empty());
}

TEST(Status, WhatHasNoReasonIsOurFault) {
  for (const absl::Status& status :
       {absl::UnavailableError("x"), absl::NotFoundError("x"), absl::DataLossError("x")}) {
    const auto told = ToRpcStatus(status);
    EXPECT_EQ(told.code(), static_cast<int>(absl::StatusCode::kInternal));
    EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(told).reason(), "INTERNAL");
  }
  const auto ended = ToRpcStatus(absl::CancelledError("x"));
  EXPECT_EQ(ended.code(), static_cast<int>(absl::StatusCode::kCancelled));
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(ended).reason(), "CALL_ENDED");
}

TEST(Status, StaysBelowFourKibibytesAndPrintable) {
  record::ErrorMetadata metadata;
  for (int i = 0; i < 100; ++i) {
    metadata.emplace_back(std::string(500, static_cast<char>('a' + i % 26)) + std::to_string(i),
                          std::string(5'000, '\xff'));
  }
  const std::string message = std::string(1, '\0') + "\xc3\x28" + std::string(100'000, 'x');
  for (const Reason reason : {Reason::kInvalidField, Reason::kTopicNotFound}) {
    const auto status = ToRpcStatus(MakeError(reason, message, metadata));
    EXPECT_LT(status.ByteSizeLong(), 4'096u);
    EXPECT_EQ(status.message().substr(0, 13), "\\x00\\xc3(xxxx");
  }
}

}  // namespace
}  // namespace leat::rpc
