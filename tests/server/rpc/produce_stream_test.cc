#include <deque>
#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;

// What a request says besides its id and records.
struct Extra {
  std::optional<uint64_t> resume_after;
  bool unordered = false;
  uint32_t partition = 0;
};

class ProduceStreamTest : public ServerTest {
 protected:
  ProduceStreamTest() {
    Start();
    EXPECT_OK(Create("t", 4));
    Open();
  }

  void Open() {
    context_.emplace();
    stream_ = log().ProduceStream(&*context_);
  }

  // Sends a request for one record, or for one that no topic takes.
  void Send(uint64_t id, const Extra& extra = {}) { Send(id, Request("t", 1), extra); }
  void SendBad(uint64_t id, const Extra& extra = {}) {
    v1::ProduceRequest bad = Request("t", 1);
    bad.set_payload_crc32c(1);
    Send(id, bad, extra);
  }
  void Send(uint64_t id, v1::ProduceRequest produce, const Extra& extra) {
    v1::ProduceStreamRequest request;
    request.set_request_id(id);
    if (extra.resume_after.has_value()) request.set_resume_after(*extra.resume_after);
    request.set_unordered(extra.unordered);
    if (produce.has_partition()) produce.set_partition(extra.partition);
    *request.mutable_produce() = produce;
    EXPECT_TRUE(stream_->Write(request));
  }

  v1::ProduceStreamResponse Receive() {
    v1::ProduceStreamResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }
  void ExpectProduced(uint64_t id, int64_t offset) {
    const auto response = Receive();
    EXPECT_EQ(response.request_id(), id);
    ASSERT_TRUE(response.has_produced()) << response.ShortDebugString();
    EXPECT_EQ(response.produced().parts(0).base_offset(), offset);
  }
  // Returns what the error's metadata say of `requestId`.
  std::string ExpectError(uint64_t id, const std::string& reason) {
    const auto response = Receive();
    EXPECT_EQ(response.request_id(), id);
    ErrorView error = View(response.error());
    EXPECT_EQ(error.reason, reason) << response.ShortDebugString();
    return error.metadata["requestId"];
  }

  grpc::Status Finish() {
    stream_->WritesDone();
    v1::ProduceStreamResponse response;
    while (stream_->Read(&response)) ADD_FAILURE() << response.ShortDebugString();
    return stream_->Finish();
  }

  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ProduceStreamRequest, v1::ProduceStreamResponse>>
      stream_;
};

TEST_F(ProduceStreamTest, AnswersInOrderAndDrainsAtTheEnd) {
  for (int i = 0; i < 500; ++i) Send(i);
  for (int i = 0; i < 500; ++i) ExpectProduced(i, i);
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, LargeAndSmallRequestsKeepTheirOrder) {
  v1::ProduceRequest large = Request("t", 1);
  large.mutable_records()->mutable_records(0)->set_value(std::string(200'000, 'x'));
  for (int i = 0; i < 100; ++i) i % 3 == 0 ? Send(i, large, {}) : Send(i);
  for (int i = 0; i < 100; ++i) ExpectProduced(i, i);
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, AnErrorHaltsItsPartitionUntilItIsNamed) {
  Send(1);
  SendBad(2);
  Send(3);
  SendBad(4);
  ExpectProduced(1, 0);
  ExpectError(2, "CHECKSUM_MISMATCH");
  EXPECT_EQ(ExpectError(3, "EARLIER_REQUEST_FAILED"), "2");
  EXPECT_EQ(ExpectError(4, "EARLIER_REQUEST_FAILED"), "2");
  Send(5, {.partition = 1});
  ExpectProduced(5, 0);
  Send(6, {.resume_after = 3});
  EXPECT_EQ(ExpectError(6, "EARLIER_REQUEST_FAILED"), "2");
  Send(7, {.resume_after = 2});
  ExpectProduced(7, 1);
  Send(8);
  ExpectProduced(8, 2);
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, UnorderedRequestsNeitherHaltNorAreHalted) {
  SendBad(1, {.unordered = true});
  Send(2);
  ExpectError(1, "CHECKSUM_MISMATCH");
  ExpectProduced(2, 0);
  SendBad(3);
  Send(4, {.unordered = true});
  Send(5);
  ExpectError(3, "CHECKSUM_MISMATCH");
  ExpectProduced(4, 1);
  ExpectError(5, "EARLIER_REQUEST_FAILED");
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, ErrorsWithoutAPartitionHaltTheTopic) {
  v1::ProduceRequest keyed;
  keyed.set_topic("t");
  keyed.mutable_records();  // No record.
  Send(1, keyed, {});
  Send(2, {.partition = 3});
  v1::ProduceRequest missing = Request("missing", 1);
  Send(3, missing, {});
  Send(4, missing, {});
  ExpectError(1, "INVALID_RECORDS");
  EXPECT_EQ(ExpectError(2, "EARLIER_REQUEST_FAILED"), "1");
  ExpectError(3, "TOPIC_NOT_FOUND");
  EXPECT_EQ(ExpectError(4, "EARLIER_REQUEST_FAILED"), "3");
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, SplitRequestsAppendWhereNothingIsHalted) {
  SendBad(1, {.partition = 2});
  ExpectError(1, "CHECKSUM_MISMATCH");
  v1::ProduceRequest keyed;
  keyed.set_topic("t");
  for (int i = 0; i < 40; ++i) {
    keyed.mutable_records()->add_records()->set_key("key" + std::to_string(i));
  }
  Send(2, keyed, {});
  const auto response = Receive();
  ASSERT_EQ(response.produced().parts_size(), 4);
  for (const v1::ProducedPart& part : response.produced().parts()) {
    EXPECT_EQ(part.has_error(), part.partition() == 2);
    if (part.has_error()) {
      EXPECT_EQ(View(part.error()).reason, "EARLIER_REQUEST_FAILED");
    }
  }
  EXPECT_EQ(HighWatermark("t", 2), 0);
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, ABadRequestInAGoodEnvelopeIsAnsweredUnderItsId) {
  v1::ProduceRequest nameless = Request("t", 1);
  nameless.clear_topic();
  Send(9, nameless, {});
  ExpectError(9, "INVALID_FIELD");
  Send(10);
  EXPECT_EQ(ExpectError(10, "EARLIER_REQUEST_FAILED"), "9");
  Send(11, {.resume_after = 9});
  ExpectProduced(11, 0);
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, AnEnvelopeThatCannotBeReadEndsTheStream) {
  Send(1);
  v1::ProduceStreamRequest request;
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(77, 1);
  EXPECT_TRUE(stream_->Write(request));
  ExpectProduced(1, 0);
  v1::ProduceStreamResponse response;
  EXPECT_FALSE(stream_->Read(&response));
  const ErrorView error = View(stream_->Finish());
  EXPECT_EQ(error.code, StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.reason, "UNKNOWN_FIELD");
}

TEST_F(ProduceStreamTest, ACancelledStreamStillAppendsWhatItTook) {
  for (int i = 0; i < 10; ++i) Send(i);
  ExpectProduced(0, 0);
  context_->TryCancel();
  EXPECT_EQ(stream_->Finish().error_code(), StatusCode::CANCELLED);
  Open();
  Send(100);
  const int64_t offset = Receive().produced().parts(0).base_offset();
  EXPECT_GE(offset, 1);
  EXPECT_LE(offset, 10);
  EXPECT_OK(Finish());
}

TEST_F(ProduceStreamTest, GoesOnPastWhatMayBeInFlightAtOneTime) {
  v1::ProduceStreamRequest request;
  *request.mutable_produce() = Request("t", 1);
  request.mutable_produce()->mutable_records()->mutable_records(0)->set_value(
      std::string(10'000, 'x'));
  constexpr int kRequests = 5'000;
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) {
      request.set_request_id(i);
      EXPECT_TRUE(stream_->Write(request));
    }
  });
  for (int i = 0; i < kRequests; ++i) {
    const auto response = Receive();
    ASSERT_EQ(response.request_id(), static_cast<uint64_t>(i));
    ASSERT_EQ(response.produced().parts(0).base_offset(), i);
  }
  writer.join();
  EXPECT_OK(Finish());
}

}  // namespace
}  // namespace leat::server
