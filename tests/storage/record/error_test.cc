#include "storage/record/error.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "leat/v1/error.pb.h"

namespace leat::record {
namespace {

TEST(Error, CarriesCodeMessageReasonAndMetadata) {
  const ErrorMetadata metadata = {{"topic", std::string("a\0b", 3)}, {"partition", ""}};
  const absl::Status status = MakeError(Reason::kPartitionNotFound, "no such partition", metadata);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no such partition");
  EXPECT_EQ(ReasonOf(status), Reason::kPartitionNotFound);
  EXPECT_EQ(MetadataOf(status), metadata);
}

TEST(Error, SurvivesACopy) {
  const absl::Status copy = absl::Status(MakeError(Reason::kTooLarge, "m", {{"limit", "x"}}));
  EXPECT_EQ(ReasonOf(copy), Reason::kTooLarge);
  EXPECT_EQ(MetadataOf(copy), (ErrorMetadata{{"limit", "x"}}));
}

TEST(Error, AnyOtherStatusHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(ReasonOf(absl::InternalError("m")), std::nullopt);
  EXPECT_TRUE(MetadataOf(absl::InternalError("m")).empty());
}

TEST(Error, UnavailableIsOnlyForWhatAppendedNothing) {
  for (int i = 0; i <= static_cast<int>(Reason::kKeysNotChecked); ++i) {
    const auto reason = static_cast<Reason>(i);
    const bool unavailable = MakeError(reason, "m").code() == absl::StatusCode::kUnavailable;
    EXPECT_EQ(unavailable, reason == Reason::kServerStarting || reason == Reason::kServerStopping);
  }
}

TEST(Error, NamesAreThoseOfTheApi) {
  const auto& reasons = *v1::ErrorReason_descriptor();
  ASSERT_EQ(reasons.value_count(), static_cast<int>(Reason::kKeysNotChecked) + 2);
  for (int i = 1; i < reasons.value_count(); ++i) {
    const auto reason = static_cast<Reason>(i - 1);
    EXPECT_EQ(reasons.value(i)->number(), i);
    EXPECT_EQ(reasons.value(i)->name(), "ERROR_REASON_" + std::string(ReasonName(reason)));
    EXPECT_EQ(ReasonFromName(ReasonName(reason)), reason);
  }
  EXPECT_EQ(ReasonFromName("UNSPECIFIED"), std::nullopt);
  EXPECT_EQ(ReasonFromName(""), std::nullopt);
}

// The comment of each value in error.proto begins with its code; this is the same table, to be
// changed together.
TEST(Error, CodesAreThoseOfTheApi) {
  using enum absl::StatusCode;
  constexpr absl::StatusCode kCodes[] = {
      kNotFound,
      kNotFound,
      kAlreadyExists,
      kInvalidArgument,
      kInvalidArgument,
      kInvalidArgument,
      kInvalidArgument,
      kInvalidArgument,
      kOutOfRange,
      kFailedPrecondition,
      kAborted,
      kResourceExhausted,
      kResourceExhausted,
      kUnavailable,
      kUnavailable,
      kUnknown,
      kFailedPrecondition,
      kDataLoss,
      kResourceExhausted,
      kInternal,
      kCancelled,
      kNotFound,
      kFailedPrecondition,
      kAborted,
      kAborted,
      kAborted,
      kFailedPrecondition,
      kFailedPrecondition,
      kFailedPrecondition,
      kFailedPrecondition,
      kAborted,
  };
  for (size_t i = 0; i < std::size(kCodes); ++i) {
    EXPECT_EQ(MakeError(static_cast<Reason>(i), "m").code(), kCodes[i]) << i;
  }
}

}  // namespace
}  // namespace leat::record
