#include <chrono>

#include "absl/synchronization/notification.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;

class FetchTest : public ServerTest {
 protected:
  FetchTest() {
    Start();
    EXPECT_OK(Create("t", 3));
  }

  static v1::FetchRequest From(std::vector<int64_t> offsets) {
    v1::FetchRequest request;
    request.set_topic("t");
    for (size_t i = 0; i < offsets.size(); ++i) {
      auto& partition = *request.add_partitions();
      partition.set_partition(static_cast<uint32_t>(i));
      partition.set_offset(offsets[i]);
    }
    return request;
  }

  grpc::Status Fetch(const v1::FetchRequest& request) {
    grpc::ClientContext context;
    return log().Fetch(&context, request, &response_);
  }

  // The event of a partition; there must be exactly one.
  const v1::ReadResponse& Event(uint32_t partition) {
    const v1::ReadResponse* found = nullptr;
    for (const auto& event : response_.events()) {
      if (event.partition() != partition) continue;
      EXPECT_EQ(found, nullptr);
      found = &event;
    }
    EXPECT_NE(found, nullptr) << response_.ShortDebugString();
    return found == nullptr ? v1::ReadResponse::default_instance() : *found;
  }

  v1::FetchResponse response_;
};

TEST_F(FetchTest, AnswersAtOnceWithWhatIsThere) {
  ASSERT_OK(Produce(Request("t", 5)));
  ASSERT_OK(Fetch(From({2, 0})));
  EXPECT_FALSE(response_.topic_id().empty());
  EXPECT_EQ(Event(0).chunk().base_offset(), 2);
  EXPECT_EQ(Event(0).chunk().records().records_size(), 3);
  EXPECT_EQ(Event(0).next_offset(), 5);
  EXPECT_EQ(Event(0).topic_id(), "");
  EXPECT_TRUE(Event(1).has_heartbeat());
  EXPECT_EQ(Event(1).next_offset(), 0);
}

TEST_F(FetchTest, WaitsForTheFirstRecord) {
  v1::FetchRequest request = From({0, 0, 0});
  request.set_max_wait_ms(300'000);
  grpc::ClientContext context;
  grpc::Status status;
  absl::Notification done;
  log().async()->Fetch(&context, &request, &response_, [&](grpc::Status result) {
    status = std::move(result);
    done.Notify();
  });
  v1::ProduceRequest produce = Request("t", 1);
  produce.set_partition(1);
  ASSERT_OK(Produce(produce));
  done.WaitForNotification();
  ASSERT_OK(status);
  EXPECT_EQ(Event(1).chunk().records().records_size(), 1);
  EXPECT_TRUE(Event(0).has_heartbeat());
}

TEST_F(FetchTest, WaitsForSoManyBytes) {
  v1::FetchRequest request = From({0});
  request.set_max_wait_ms(300'000);
  request.set_min_bytes(1'000);
  grpc::ClientContext context;
  grpc::Status status;
  absl::Notification done;
  log().async()->Fetch(&context, &request, &response_, [&](grpc::Status result) {
    status = std::move(result);
    done.Notify();
  });
  while (!done.HasBeenNotified()) {
    v1::ProduceRequest produce = Request("t", 1);
    produce.mutable_records()->mutable_records(0)->set_value(std::string(300, 'x'));
    ASSERT_OK(Produce(produce));
  }
  ASSERT_OK(status);
  int64_t next = 0;
  size_t bytes = 0;
  for (const auto& event : response_.events()) {
    EXPECT_EQ(event.chunk().base_offset(), next);
    next = event.next_offset();
    bytes += event.chunk().records().ByteSizeLong();
  }
  EXPECT_GE(bytes, 1'000u);
}

TEST_F(FetchTest, AnswersEmptyWhenTheTimeIsUp) {
  v1::FetchRequest request = From({0, 0});
  request.set_max_wait_ms(50);
  ASSERT_OK(Fetch(request));
  EXPECT_TRUE(Event(0).has_heartbeat());
  EXPECT_TRUE(Event(1).has_heartbeat());
}

TEST_F(FetchTest, AnswersBeforeTheDeadlineOfTheCall) {
  v1::FetchRequest request = From({0});
  request.set_max_wait_ms(300'000);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(2));
  ASSERT_OK(log().Fetch(&context, request, &response_));
  EXPECT_TRUE(Event(0).has_heartbeat());
}

TEST_F(FetchTest, KeepsToItsSize) {
  for (uint32_t partition = 0; partition < 3; ++partition) {
    for (int i = 0; i < 20; ++i) {
      v1::ProduceRequest produce = Request("t", 10);
      produce.set_partition(partition);
      for (auto& record : *produce.mutable_records()->mutable_records()) {
        record.set_value(std::string(1'000, 'x'));
      }
      ASSERT_OK(Produce(produce));
    }
  }
  std::vector<int64_t> next(3);
  int calls = 0;
  while (next != std::vector<int64_t>{200, 200, 200}) {
    v1::FetchRequest request = From(next);
    request.set_max_bytes(50'000);
    ASSERT_OK(Fetch(request));
    EXPECT_LE(response_.ByteSizeLong(), 51'000u);
    for (const auto& event : response_.events()) {
      if (event.has_chunk()) {
        EXPECT_EQ(event.chunk().base_offset(), next[event.partition()]);
      }
      next[event.partition()] = event.next_offset();
    }
    ASSERT_LT(++calls, 30);
  }
  EXPECT_GE(calls, 12);
}

TEST_F(FetchTest, GivesOneRecordThoughItIsLarger) {
  v1::ProduceRequest produce = Request("t", 2);
  produce.mutable_records()->mutable_records(0)->set_value(std::string(100'000, 'x'));
  ASSERT_OK(Produce(produce));
  v1::FetchRequest request = From({0});
  request.set_max_bytes(1'000);
  ASSERT_OK(Fetch(request));
  EXPECT_EQ(Event(0).next_offset(), 1);
  EXPECT_EQ(Event(0).chunk().records().records_size(), 1);
}

TEST_F(FetchTest, DoesNotPassOverWhatDoesNotFit) {
  for (uint32_t partition = 0; partition < 2; ++partition) {
    v1::ProduceRequest produce = Request("t", 1);
    produce.set_partition(partition);
    produce.mutable_records()->mutable_records(0)->set_value(std::string(6'000, 'x'));
    ASSERT_OK(Produce(produce));
  }
  v1::FetchRequest request = From({0, 0});
  request.set_max_bytes(10'000);
  ASSERT_OK(Fetch(request));
  const uint32_t given = Event(0).has_chunk() ? 0 : 1;
  EXPECT_EQ(Event(given).next_offset(), 1);
  EXPECT_TRUE(Event(1 - given).has_heartbeat());
  EXPECT_EQ(Event(1 - given).next_offset(), 0) << "its record was not given";
}

TEST_F(FetchTest, Errors) {
  ASSERT_OK(Produce(Request("t", 5)));
  ErrorView error = View(Fetch(From({6})));
  EXPECT_EQ(error.code, StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(error.reason, "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(error.metadata.at("highWatermark"), "5");
  ASSERT_OK(Trim("t", 0, 3));
  error = View(Fetch(From({2})));
  EXPECT_EQ(error.reason, "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(error.metadata.at("logStartOffset"), "3");
  EXPECT_EQ(View(Fetch(From({}))).fields, std::vector<std::string>{"partitions"});
  EXPECT_EQ(View(Fetch(From({-1}))).fields, std::vector<std::string>{"partitions.offset"});
  EXPECT_EQ(View(Fetch(From({3, 0, 0, 0}))).reason, "PARTITION_NOT_FOUND");
  v1::FetchRequest request = From({3});
  request.set_topic("missing");
  EXPECT_EQ(View(Fetch(request)).reason, "TOPIC_NOT_FOUND");
  EXPECT_EQ(View(Raw("LogService/Fetch", "\xff")).reason, "INVALID_FIELD");
}

// Cancelled calls give back all they hold: their place among the calls, and their wait at the
// broker.
class OneCallTest : public ServerTest {
 protected:
  OneCallTest() {
    options_.max_calls = 1;
    Start();
    EXPECT_OK(Create("t"));
  }

  // Repeats a call until it is let in.
  void ExpectLetIn() {
    while (true) {
      v1::GetTopicRequest request;
      request.set_topic("t");
      v1::GetTopicResponse response;
      grpc::ClientContext context;
      const grpc::Status status = topics().GetTopic(&context, request, &response);
      if (status.ok()) return;
      ASSERT_EQ(View(status).reason, "BACKLOG_FULL");
      EXPECT_TRUE(View(status).retry_info);
    }
  }
};

TEST_F(OneCallTest, CancelledFetchesGiveUpTheirPlace) {
  v1::FetchRequest request;
  request.set_topic("t");
  request.add_partitions();
  request.set_max_wait_ms(300'000);
  v1::FetchResponse response;
  grpc::ClientContext context;
  absl::Notification done;
  log().async()->Fetch(&context, &request, &response, [&](grpc::Status) { done.Notify(); });
  context.TryCancel();
  done.WaitForNotification();
  ExpectLetIn();
}

TEST_F(OneCallTest, CancelledReadsGiveUpTheirPlace) {
  v1::ReadRequest request;
  request.set_topic("t");
  request.set_heartbeat_interval_ms(100);
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext context;
    auto reader = log().Read(&context, request);
    v1::ReadResponse event;
    ASSERT_TRUE(reader->Read(&event));
    const ErrorView error = View(Produce(Request("t", 1)));
    EXPECT_EQ(error.reason, "BACKLOG_FULL");
    context.TryCancel();
    ExpectLetIn();
  }
}

}  // namespace
}  // namespace leat::server
