#include "server/server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <filesystem>
#include <optional>

#include "absl/synchronization/notification.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;

class LifeTest : public ServerTest {};

TEST_F(LifeTest, ListensWhereItSays) {
  options_.listen = {"127.0.0.1:0", "unix:" + options_.data_dir + ".sock"};
  Start();
  ASSERT_EQ(server().addresses().size(), 2u);
  EXPECT_EQ(server().addresses()[1], options_.listen[1]);
  EXPECT_EQ(server().addresses()[0].find("127.0.0.1:"), 0u);
  EXPECT_NE(server().addresses()[0], "127.0.0.1:0");
  for (const std::string& address : server().addresses()) {
    const auto stub =
        v1::TopicService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    v1::ListTopicsResponse response;
    grpc::ClientContext context;
    EXPECT_OK(stub->ListTopics(&context, {}, &response));
    EXPECT_NE(server().Describe().find(address), std::string::npos);
  }
  // A second server does not take the socket away from the first.
  ServerOptions second = options_;
  second.data_dir += "-2";
  second.listen = {options_.listen[1]};
  EXPECT_FALSE(Server::Start(second).ok());
  ASSERT_TRUE(Stop().ok());
}

TEST_F(LifeTest, APortInUseIsToldBeforeTheDirectoryIsTouched) {
  Start();
  ServerOptions second = options_;
  second.data_dir += "-2";
  second.listen = {server().addresses()[0]};
  const auto status = Server::Start(second).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find(second.listen[0]), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(second.data_dir));
}

TEST_F(LifeTest, ASecondServerOnTheDirectoryIsRefused) {
  Start();
  ASSERT_OK(Create("t"));
  const auto second = Server::Start(options_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(std::string(second.status().message()).find(options_.data_dir), std::string::npos);
  EXPECT_OK(Produce(Request("t", 1)));
}

TEST_F(LifeTest, StoppingEndsStreamsAndAnswersWhatItTook) {
  Start();
  ASSERT_OK(Create("t"));
  ASSERT_OK(Produce(Request("t", 1)));

  v1::ReadRequest read;
  read.set_topic("t");
  grpc::ClientContext read_context;
  auto reader = log().Read(&read_context, read);
  v1::ReadResponse event;
  ASSERT_TRUE(reader->Read(&event));

  grpc::ClientContext produce_context;
  auto producer = log().ProduceStream(&produce_context);
  v1::ProduceStreamRequest request;
  *request.mutable_produce() = Request("t", 1);
  ASSERT_TRUE(producer->Write(request));
  v1::ProduceStreamResponse answer;
  ASSERT_TRUE(producer->Read(&answer));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(producer->Write(request));

  ASSERT_TRUE(Stop(absl::Minutes(5)).ok());

  while (reader->Read(&event)) {
  }
  ErrorView error = View(reader->Finish());
  EXPECT_EQ(error.code, StatusCode::UNAVAILABLE);
  EXPECT_EQ(error.reason, "SERVER_STOPPING");
  EXPECT_TRUE(error.retry_info);

  int64_t appended = 2;
  while (producer->Read(&answer)) {
    if (answer.has_produced()) {
      ++appended;
    } else {
      EXPECT_EQ(View(answer.error()).reason, "SERVER_STOPPING");
    }
  }
  // Well: so that no answer is lost on its way.
  EXPECT_OK(producer->Finish());

  Start();
  EXPECT_EQ(HighWatermark("t"), appended);
  auto stub = v1::ServerService::NewStub(NewChannel());
  v1::GetServerInfoResponse info;
  grpc::ClientContext context;
  ASSERT_OK(stub->GetServerInfo(&context, {}, &info));
  EXPECT_TRUE(info.recovery().clean_shutdown());
}

TEST_F(LifeTest, StoppingEndsWaitingFetches) {
  Start();
  ASSERT_OK(Create("t"));
  v1::FetchRequest request;
  request.set_topic("t");
  request.add_partitions();
  request.set_max_wait_ms(300'000);
  v1::FetchResponse response;
  grpc::ClientContext context;
  grpc::Status status;
  absl::Notification done;
  log().async()->Fetch(&context, &request, &response, [&](grpc::Status result) {
    status = std::move(result);
    done.Notify();
  });
  // Sent after the fetch on the same connection: once it is answered the fetch is at the server, or
  // about to be.
  ASSERT_OK(Create("u"));
  ASSERT_TRUE(Stop(absl::Minutes(5)).ok());
  done.WaitForNotification();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(LifeTest, StoppingWithoutPatienceCancelsWhatIsLeft) {
  Start();
  ASSERT_OK(Create("t"));
  ASSERT_OK(Produce(Request("t", 1)));
  v1::ReadRequest read;
  read.set_topic("t");
  grpc::ClientContext context;
  auto reader = log().Read(&context, read);
  v1::ReadResponse event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_TRUE(Stop(absl::ZeroDuration()).ok());
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_FALSE(reader->Finish().ok());
}

// Health and reflection are services like others: asked by name, so that no generated code is
// needed.
TEST_F(LifeTest, HealthAndReflectionAreThere) {
  Start();
  // HealthCheckRequest{service: "leat.v1.LogService"}.
  EXPECT_OK(RawCall("/grpc.health.v1.Health/Check", "\x0a\x12leat.v1.LogService"));
  EXPECT_OK(RawCall("/grpc.health.v1.Health/Check", ""));
  auto stub = grpc::GenericStub(NewChannel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto wait = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  const grpc::Slice list_services("\x3a\x01*");
  call->Write(grpc::ByteBuffer(&list_services, 1), nullptr);
  ASSERT_TRUE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  ASSERT_TRUE(wait());
  grpc::Slice bytes;
  ASSERT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
  const std::string text(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  for (const char* name : {"leat.v1.TopicService", "leat.v1.LogService", "leat.v1.ServerService"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
}

}  // namespace
}  // namespace leat::server
