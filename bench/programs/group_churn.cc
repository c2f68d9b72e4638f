// How long does a group take to share its partitions out again when many members come and go?
// Runs a server in a process of its own and members on real gRPC streams, each on a connection of
// its own, over loopback TCP. Prints for each wave the time until every partition has one owner and
// no member has more than one more than another, and what the server used.
//
//   group_churn --leat PATH [--data-dir DIR] [--members N] [--partitions N] [--rounds N]
//   [--limit-seconds S]
//
// Checked in the same run: no partition has two owners at a time, no assignment epoch comes twice,
// and the server tells of each partition the owner's epoch. Exits with 1 when any of that is wrong
// or a wave takes longer than the limit.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/process_usage.h"
#include "bench/programs/group_member.h"
#include "bench/programs/ownership.h"
#include "bench/programs/topics.h"
#include "bench/server_process.h"
#include "bench/steady_clock.h"
#include "bench/temporary_directory.h"
#include "server/process.h"

namespace leat::bench {
namespace {

constexpr char kGroup[] = "churn";
constexpr char kTopic[] = "churn";

struct Settings {
  std::string leat;
  std::string data_dir = "/var/tmp";
  int members = 500;
  uint32_t partitions = 1'000;
  int rounds = 3;
  int limit_seconds = 10;
};

class Churn {
 public:
  Churn(const Settings& settings, const ServerProcess& server)
      : settings_(settings), server_(server), ownership_(settings.partitions) {}

  absl::Status Run();

 private:
  std::shared_ptr<grpc::Channel> Connect() const;
  void Join(int count);
  void Leave(int count);
  // Does `change` and waits until all is shared out evenly.
  absl::Status Wave(const std::string& name, const std::function<void()>& change);
  // Whether the server says the same as its members.
  absl::Status CheckDescription() const;

  const Settings& settings_;
  const ServerProcess& server_;
  Ownership ownership_;
  std::vector<std::unique_ptr<GroupMember>> members_;  // In order of their joining.
  std::vector<std::unique_ptr<GroupMember>> leaving_;
  int last_number_ = 0;
};

std::shared_ptr<grpc::Channel> Churn::Connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(server_.address(), grpc::InsecureChannelCredentials(),
                                   arguments);
}

void Churn::Join(int count) {
  v1::Join join;
  join.set_group(kGroup);
  join.add_topics(kTopic);
  for (int i = 0; i < count; ++i) {
    members_.push_back(std::make_unique<GroupMember>(Connect(), ++last_number_, join, ownership_));
  }
}

void Churn::Leave(int count) {
  for (int i = 0; i < count; ++i) members_[i]->Leave();
  std::move(members_.begin(), members_.begin() + count, std::back_inserter(leaving_));
  members_.erase(members_.begin(), members_.begin() + count);
}

absl::Status Churn::Wave(const std::string& name, const std::function<void()>& change) {
  const ProcessUsage before = UsageOf(server_.pid());
  const uint64_t assigned_before = ownership_.assignments();
  const Nanos start = SteadyNow();
  change();
  const absl::Duration called = absl::Nanoseconds(SteadyNow() - start);
  absl::Status even = ownership_.AwaitEven(absl::Seconds(settings_.limit_seconds) - called);
  const double took = SecondsSince(start);
  const ProcessUsage after = UsageOf(server_.pid());
  std::printf("%-28s %6.3f s, %5lu assignments, server %6.3f s of processor time, %lu MiB\n",
              name.c_str(), took, ownership_.assignments() - assigned_before,
              absl::ToDoubleSeconds(after.processor_time - before.processor_time),
              after.memory_bytes >> 20);
  std::fflush(stdout);
  for (const auto& member : leaving_) member->AwaitEnd();
  leaving_.clear();
  return even.ok() ? CheckDescription() : even;
}

absl::Status Churn::CheckDescription() const {
  grpc::ClientContext context;
  v1::GetGroupRequest request;
  request.set_group(kGroup);
  v1::GetGroupResponse response;
  const grpc::Status status =
      v1::GroupService::NewStub(Connect())->GetGroup(&context, request, &response);
  if (!status.ok()) return absl::UnknownError(status.error_message());
  const std::vector<Ownership::Share> shares = ownership_.shares();
  if (response.members_size() != static_cast<int>(members_.size()) ||
      response.partitions_size() != static_cast<int>(shares.size())) {
    return absl::InternalError(absl::StrCat("the server tells of ", response.members_size(),
                                            " members and ", response.partitions_size(),
                                            " partitions"));
  }
  for (const v1::GroupPartition& partition : response.partitions()) {
    if (partition.owner().empty() || partition.revoking() ||
        partition.assignment_epoch() != shares[partition.partition()].epoch) {
      return absl::InternalError(
          absl::StrCat("the server tells otherwise: ", partition.ShortDebugString()));
    }
  }
  return absl::OkStatus();
}

absl::Status Churn::Run() {
  const int half = settings_.members / 2;
  absl::Status status =
      Wave(absl::StrCat(settings_.members, " join"), [this] { Join(settings_.members); });
  for (int round = 0; round < settings_.rounds && status.ok(); ++round) {
    status = Wave(absl::StrCat(half, " leave"), [&] { Leave(half); });
    if (status.ok()) status = Wave(absl::StrCat(half, " join"), [&] { Join(half); });
    if (!status.ok()) break;
    status = Wave(absl::StrCat(half, " leave, ", half, " join"), [&] { Leave(half), Join(half); });
  }
  for (const auto& member : members_) member->Leave();
  for (const auto& member : members_) member->AwaitEnd();
  return status;
}

absl::Status Run(const Settings& settings) {
  absl::StatusOr<ServerProcess> server = ServerProcess::Start(
      {settings.leat, "serve", "--data-dir", settings.data_dir, "--listen", "127.0.0.1:0"});
  if (!server.ok()) return server.status();
  if (absl::Status status = CreateTopic(server->address(), kTopic, settings.partitions);
      !status.ok()) {
    return status;
  }
  std::printf("%d members, %u partitions, a connection each\n", settings.members,
              settings.partitions);
  if (absl::Status status = Churn(settings, *server).Run(); !status.ok()) return status;
  const ProcessUsage usage = UsageOf(server->pid());
  std::printf("server in all: %.3f s of processor time, at most %lu MiB\n",
              absl::ToDoubleSeconds(usage.processor_time), usage.memory_bytes_max >> 20);
  return server->Terminate();
}

}  // namespace
}  // namespace leat::bench

int main(int argc, char** argv) {
  leat::server::PrepareServerProcess();
  leat::bench::Settings settings;
  CLI::App app("How long a group takes to share its partitions out when members come and go");
  app.add_option("--leat", settings.leat, "The leat binary")->required();
  app.add_option("--data-dir", settings.data_dir,
                 "Where to make a directory, which is removed again")
      ->capture_default_str();
  app.add_option("--members", settings.members, "Members")
      ->check(CLI::Range(2, 1'000))
      ->capture_default_str();
  app.add_option("--partitions", settings.partitions, "Partitions of the topic")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  app.add_option("--rounds", settings.rounds, "Times that half of them leave and join")
      ->capture_default_str();
  app.add_option("--limit-seconds", settings.limit_seconds, "A wave that takes longer fails")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  return leat::bench::RunInTemporaryDirectory("group_churn", settings.data_dir,
                                              [&settings](const std::string& path) {
                                                settings.data_dir = path;
                                                return leat::bench::Run(settings);
                                              });
}
