// Idempotent producers and conditional appends, of a real server.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;

class ProducerTest : public ServerTest {
 protected:
  ProducerTest() { Start(); }

  void Restart() {
    ASSERT_TRUE(Stop().ok());
    Start();
  }

  v1::InitProducerResponse Init(const std::string& name, const std::string& topic = "t") {
    v1::InitProducerResponse response;
    EXPECT_OK(TryInit(name, topic, &response));
    return response;
  }

  grpc::Status TryInit(const std::string& name, const std::string& topic,
                       v1::InitProducerResponse* response) {
    grpc::ClientContext context;
    v1::InitProducerRequest request;
    request.set_topic(topic);
    request.set_name(name);
    return log().InitProducer(&context, request, response);
  }

  static v1::ProduceRequest Sequenced(const v1::InitProducerResponse& producer, int32_t sequence,
                                      int count = 1) {
    v1::ProduceRequest request = Request("t", count, std::to_string(sequence) + ".");
    request.set_partition(0);
    request.mutable_sequence()->set_producer_id(producer.producer_id());
    request.mutable_sequence()->set_producer_epoch(producer.producer_epoch());
    request.mutable_sequence()->set_base_sequence(sequence);
    return request;
  }

  // "12", "12 again", or the reason for which it was refused.
  std::string Send(const v1::ProduceRequest& request) {
    v1::ProduceResponse response;
    const grpc::Status status = Produce(request, &response);
    if (!status.ok()) return View(status).reason;
    return std::to_string(response.parts(0).base_offset()) +
           (response.parts(0).duplicate() ? " again" : "");
  }
};

TEST_F(ProducerTest, WhatIsSentTwiceIsThereOnce) {
  ASSERT_OK(Create("t", 2));
  const v1::InitProducerResponse producer = Init("p");
  EXPECT_EQ(producer.producer_epoch(), 0);
  EXPECT_EQ(producer.partitions_size(), 0);
  v1::ProduceResponse first, second;
  ASSERT_OK(Produce(Sequenced(producer, 0, 3), &first));
  ASSERT_OK(Produce(Sequenced(producer, 0, 3), &second));
  EXPECT_FALSE(first.parts(0).duplicate());
  EXPECT_TRUE(second.parts(0).duplicate());
  EXPECT_EQ(second.parts(0).base_offset(), first.parts(0).base_offset());
  EXPECT_EQ(second.parts(0).append_timestamp_ms(), first.parts(0).append_timestamp_ms());
  EXPECT_EQ(second.parts(0).record_count(), 3u);
  EXPECT_EQ(HighWatermark("t"), 3);
  EXPECT_EQ(Send(Sequenced(producer, 4)), "OUT_OF_ORDER_SEQUENCE");
  EXPECT_EQ(Send(Sequenced(producer, 3)), "3");
}

TEST_F(ProducerTest, ASecondOfTheNameFencesTheFirstAndGoesOn) {
  ASSERT_OK(Create("t", 3));
  const v1::InitProducerResponse old = Init("p");
  EXPECT_EQ(Send(Sequenced(old, 0, 5)), "0");
  v1::ProduceRequest elsewhere = Sequenced(old, 0, 2);
  elsewhere.set_partition(2);
  EXPECT_EQ(Send(elsewhere), "0");
  const v1::InitProducerResponse present = Init("p");
  EXPECT_EQ(present.producer_id(), old.producer_id());
  EXPECT_EQ(present.producer_epoch(), 1);
  ASSERT_EQ(present.partitions_size(), 2);
  EXPECT_EQ(present.partitions(0).partition(), 0u);
  EXPECT_EQ(present.partitions(0).last_sequence(), 4);
  EXPECT_EQ(present.partitions(0).last_offset(), 4);
  EXPECT_EQ(present.partitions(1).partition(), 2u);
  EXPECT_EQ(present.partitions(1).last_sequence(), 1);
  EXPECT_EQ(Send(Sequenced(old, 5)), "PRODUCER_FENCED");
  EXPECT_EQ(Send(Sequenced(old, 0, 5)), "PRODUCER_FENCED");
  EXPECT_EQ(Send(Sequenced(present, 0, 5)), "0 again");
  EXPECT_EQ(Send(Sequenced(present, 5)), "5");
}

TEST_F(ProducerTest, RestartsChangeNothing) {
  ASSERT_OK(Create("t"));
  v1::InitProducerResponse producer = Init("p");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Send(Sequenced(producer, i)), std::to_string(i));
    Restart();
    EXPECT_EQ(Send(Sequenced(producer, i)), std::to_string(i) + " again");
  }
  EXPECT_EQ(Init("p").partitions(0).last_sequence(), 4);
  Restart();
  EXPECT_EQ(Send(Sequenced(producer, 5)), "PRODUCER_FENCED");
  EXPECT_EQ(Init("p").producer_epoch(), 2);
}

TEST_F(ProducerTest, WhatWasNeverGivenIsRefused) {
  ASSERT_OK(Create("t"));
  v1::InitProducerResponse producer = Init("p");
  producer.set_producer_id(producer.producer_id() + 1);
  EXPECT_EQ(Send(Sequenced(producer, 0)), "PRODUCER_EXPIRED");
  producer = Init("p");
  producer.set_producer_epoch(7);
  EXPECT_EQ(Send(Sequenced(producer, 0)), "PRODUCER_EXPIRED");
  ASSERT_OK(Create("u"));
  EXPECT_EQ(Init("p", "u").producer_epoch(), 0) << "each topic has its own names";
}

TEST_F(ProducerTest, BadFieldsAreNamed) {
  ASSERT_OK(Create("t"));
  v1::InitProducerResponse response;
  EXPECT_EQ(View(TryInit("", "t", &response)).fields, std::vector<std::string>{"name"});
  EXPECT_EQ(View(TryInit("a b", "t", &response)).fields, std::vector<std::string>{"name"});
  EXPECT_EQ(View(TryInit(std::string(250, 'a'), "t", &response)).fields,
            std::vector<std::string>{"name"});
  EXPECT_EQ(View(TryInit("p", "nope", &response)).reason, "TOPIC_NOT_FOUND");
  const v1::InitProducerResponse producer = Init("p");
  v1::ProduceRequest request = Sequenced(producer, -1);
  EXPECT_EQ(View(Produce(request)).fields, std::vector<std::string>{"sequence.base_sequence"});
  request = Sequenced(producer, 0);
  request.clear_partition();
  EXPECT_EQ(View(Produce(request)).fields, std::vector<std::string>{"sequence"});
  request = Request("t", 1);
  request.clear_partition();
  request.set_expected_offset(0);
  EXPECT_EQ(View(Produce(request)).fields, std::vector<std::string>{"expected_offset"});
  request.set_partition(0);
  request.set_expected_offset(-1);
  EXPECT_EQ(View(Produce(request)).fields, std::vector<std::string>{"expected_offset"});
}

TEST_F(ProducerTest, ManyNamesAreBounded) {
  ASSERT_TRUE(Stop().ok());
  options_.max_producers_per_topic = 10;
  Start();
  ASSERT_OK(Create("t"));
  const v1::InitProducerResponse first = Init("p");
  EXPECT_EQ(Send(Sequenced(first, 0)), "0");
  for (int i = 0; i < 10; ++i) Init("other" + std::to_string(i));
  EXPECT_EQ(Send(Sequenced(first, 1)), "PRODUCER_EXPIRED");
  const v1::InitProducerResponse again = Init("p");
  EXPECT_NE(again.producer_id(), first.producer_id());
  EXPECT_EQ(Send(Sequenced(again, 0)), "1");
}

TEST_F(ProducerTest, OneOfManyOfTheSameNameIsLeft) {
  ASSERT_OK(Create("t", 4));
  constexpr int kThreads = 8;
  std::vector<v1::InitProducerResponse> producers(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &producers, i] { producers[i] = Init("p"); });
  }
  for (std::thread& thread : threads) thread.join();
  int left = 0;
  for (const v1::InitProducerResponse& producer : producers) {
    const std::string answer = Send(Sequenced(producer, 0));
    EXPECT_TRUE(answer == "0" || answer == "PRODUCER_FENCED") << answer;
    left += answer == "0";
  }
  EXPECT_EQ(left, 1);
}

TEST_F(ProducerTest, AppendsOnlyAtTheExpectedOffset) {
  ASSERT_OK(Create("t"));
  v1::ProduceRequest request = Request("t", 2);
  request.set_partition(0);
  request.set_expected_offset(0);
  ASSERT_OK(Produce(request));
  const ErrorView conflict = View(Produce(request));
  EXPECT_EQ(conflict.code, StatusCode::ABORTED);
  EXPECT_EQ(conflict.reason, "OFFSET_CONFLICT");
  EXPECT_EQ(conflict.metadata.at("actual"), "2");
  EXPECT_EQ(HighWatermark("t"), 2);
}

// Each thread adds one to what it read, if nobody was faster.
TEST_F(ProducerTest, OfSeveralWhoExpectTheSameOneWins) {
  ASSERT_OK(Create("t"));
  std::atomic<int> appended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, &appended] {
      for (int n = 0; n < 25; ++n) {
        v1::ProduceRequest request = Request("t", 1);
        request.set_partition(0);
        request.set_expected_offset(HighWatermark("t"));
        const grpc::Status status = Produce(request);
        if (status.ok()) ++appended;
        if (!status.ok()) EXPECT_EQ(View(status).reason, "OFFSET_CONFLICT");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(HighWatermark("t"), appended);
}

TEST_F(ProducerTest, AStreamHaltsAfterAGapAndGoesOn) {
  ASSERT_OK(Create("t"));
  const v1::InitProducerResponse producer = Init("p");
  grpc::ClientContext context;
  auto stream = log().ProduceStream(&context);
  v1::ProduceStreamRequest request;
  for (const int sequence : {0, 2, 3}) {
    request.set_request_id(sequence);
    *request.mutable_produce() = Sequenced(producer, sequence);
    ASSERT_TRUE(stream->Write(request));
  }
  std::vector<std::string> answers;
  v1::ProduceStreamResponse response;
  for (int i = 0; i < 3 && stream->Read(&response); ++i) {
    answers.push_back(response.has_error() ? View(response.error()).reason : "ok");
  }
  EXPECT_EQ(answers,
            (std::vector<std::string>{"ok", "OUT_OF_ORDER_SEQUENCE", "EARLIER_REQUEST_FAILED"}));
  request.set_request_id(4);
  request.set_resume_after(2);
  *request.mutable_produce() = Sequenced(producer, 1);
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.produced().parts(0).base_offset(), 1);
  EXPECT_OK(stream->Finish());
}

// What is refused is told once what it rests on is durable; until then too nothing overtakes it.
TEST_F(ProducerTest, NothingOvertakesWhatIsRefused) {
  ASSERT_OK(Create("t"));
  grpc::ClientContext context;
  auto stream = log().ProduceStream(&context);
  for (int number = 0; number < 3; ++number) {
    v1::ProduceStreamRequest request;
    request.set_request_id(number);
    *request.mutable_produce() = Request("t", 1);
    request.mutable_produce()->set_partition(0);
    if (number == 1) request.mutable_produce()->set_expected_offset(99);
    ASSERT_TRUE(stream->Write(request));
  }
  std::vector<std::string> answers;
  v1::ProduceStreamResponse response;
  for (int i = 0; i < 3 && stream->Read(&response); ++i) {
    answers.push_back(response.has_error() ? View(response.error()).reason : "ok");
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"ok", "OFFSET_CONFLICT", "EARLIER_REQUEST_FAILED"}));
  stream->WritesDone();
  EXPECT_OK(stream->Finish());
  EXPECT_EQ(HighWatermark("t"), 1);
}

}  // namespace
}  // namespace leat::server
