#include "server/rpc/stream_outbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/rpc/byte_buffer.h"

namespace leat::rpc {
namespace {

// Stands for gRPC's stream: at most one write at a time, nothing after the end.
class StreamOutboxTest : public testing::Test {
 protected:
  void CompleteWrite(bool ok = true) {
    ASSERT_TRUE(writing_);
    writing_ = false;
    outbox_.OnWriteDone(ok);
  }

  std::vector<std::string> written_;
  bool writing_ = false;
  std::optional<grpc::StatusCode> end_;
  StreamOutbox outbox_{{.start_write =
                            [this](const grpc::ByteBuffer* message, grpc::WriteOptions) {
                              EXPECT_FALSE(writing_ || end_.has_value());
                              writing_ = true;
                              grpc::ByteBuffer copy(*message);
                              written_.push_back(std::string(TakeCord(copy)));
                            },
                        .finish =
                            [this](grpc::Status status) {
                              EXPECT_FALSE(writing_ || end_.has_value());
                              end_ = status.error_code();
                            }}};
};

using Written = std::vector<std::string>;

TEST_F(StreamOutboxTest, WritesOneAtATimeInOrder) {
  outbox_.Send(absl::Cord("a"));
  outbox_.Send(absl::Cord("bc"));
  EXPECT_EQ(written_, Written{"a"});
  EXPECT_EQ(outbox_.load().messages, 2u);
  EXPECT_EQ(outbox_.load().bytes, 3u);
  CompleteWrite();
  EXPECT_EQ(written_, (Written{"a", "bc"}));
  CompleteWrite();
  EXPECT_EQ(outbox_.load().messages, 0u);
  EXPECT_EQ(outbox_.load().bytes, 0u);
}

TEST_F(StreamOutboxTest, FinishWaitsForWhatIsQueued) {
  outbox_.Send(absl::Cord("a"));
  outbox_.Send(absl::Cord("b"));
  outbox_.Finish(grpc::Status::OK);
  outbox_.Send(absl::Cord("too late"));
  outbox_.Finish(grpc::Status::CANCELLED);
  CompleteWrite();
  EXPECT_FALSE(end_.has_value());
  CompleteWrite();
  EXPECT_EQ(end_, grpc::StatusCode::OK);
  EXPECT_EQ(written_, (Written{"a", "b"}));
}

TEST_F(StreamOutboxTest, AbortDropsWhatIsQueuedEvenAfterFinish) {
  outbox_.Send(absl::Cord("a"));
  outbox_.Send(absl::Cord("b"));
  outbox_.Finish(grpc::Status::OK);
  outbox_.Abort(grpc::Status(grpc::StatusCode::UNAVAILABLE, ""));
  EXPECT_FALSE(end_.has_value());
  CompleteWrite();
  EXPECT_EQ(end_, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(written_, Written{"a"});
}

TEST_F(StreamOutboxTest, AFailedWriteEndsTheStream) {
  outbox_.Send(absl::Cord("a"));
  outbox_.Send(absl::Cord("b"));
  CompleteWrite(false);
  EXPECT_EQ(end_, grpc::StatusCode::CANCELLED);
  outbox_.Abort(grpc::Status::CANCELLED);  // No second end.
}

TEST_F(StreamOutboxTest, HoldsWhatAMessageNeedsUntilItIsWrittenOrDropped) {
  auto first = std::make_shared<int>();
  auto second = std::make_shared<int>();
  outbox_.Send(absl::Cord("a"), first);
  outbox_.Send(absl::Cord("b"), second);
  EXPECT_EQ(first.use_count(), 2);
  CompleteWrite();
  EXPECT_EQ(first.use_count(), 1);
  outbox_.Abort(grpc::Status::CANCELLED);
  EXPECT_EQ(second.use_count(), 2);  // Being written.
  CompleteWrite();
  EXPECT_EQ(second.use_count(), 1);
  outbox_.Send(absl::Cord("c"), first);
  EXPECT_EQ(first.use_count(), 1);
}

TEST_F(StreamOutboxTest, ReadsAreStartedOnOpenStreamsOnly) {
  int reads = 0;
  outbox_.WhileOpen([&] { ++reads; });
  EXPECT_EQ(reads, 1);
  outbox_.Finish(grpc::Status::OK);
  outbox_.WhileOpen([&] { ++reads; });
  EXPECT_EQ(reads, 1);
}

}  // namespace
}  // namespace leat::rpc
