// Leat's main job in one minute, checked: streams real system logs, keyed, into partitioned topics
// with durable acknowledgements; kills the server with SIGKILL in the middle; restarts it;
// finishes; reads everything back from the beginning, from the middle and from a time, and compares
// byte for byte. Exits with 1 when anything is missing, doubled, out of order or changed.
//
//   demo --leat PATH [--logs DIR] [--data-dir DIR] [--passes N]

#include <malloc.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "bench/server_process.h"
#include "client/admin.h"
#include "client/client.h"
#include "client/producer.h"
#include "tools/demo/corpus.h"
#include "tools/demo/ledger.h"

namespace leat::demo {
namespace {

constexpr uint32_t kPartitions = 4;

struct Settings {
  std::string leat;
  std::string logs;
  std::string data_dir;
  int passes = 40;
};

absl::StatusOr<bench::ServerProcess> StartServer(const Settings& settings,
                                                 const std::string& listen) {
  return bench::ServerProcess::Start(
      {settings.leat, "serve", "--data-dir", settings.data_dir, "--listen", listen});
}

// The run: its server, its topics, and what was said of them.
class Demo {
 public:
  explicit Demo(Settings settings) : settings_(std::move(settings)) {}

  absl::Status Run();

 private:
  absl::Status Prepare();
  absl::Status ProduceUntilKilled();
  absl::Status RestartAndFinish();
  absl::Status ReadBack();
  void TellHowToGoOn() const;

  client::Client Connect() const { return client::Client::Connect({.target = server_->address()}); }
  absl::Status SendAll(absl::Duration delivery_timeout);

  const Settings settings_;
  std::vector<Source> sources_;
  std::vector<std::unique_ptr<TopicLedger>> topics_;
  std::optional<bench::ServerProcess> server_;
  uint64_t events_ = 0;
  uint64_t bytes_ = 0;
  std::atomic<uint64_t> acknowledged_ = 0;
  std::function<void()> on_acknowledged_ = [] {};
  int64_t restart_time_ms_ = 0;
  std::vector<std::vector<int64_t>> found_at_restart_;
};

absl::Status Demo::Run() {
  for (auto step :
       {&Demo::Prepare, &Demo::ProduceUntilKilled, &Demo::RestartAndFinish, &Demo::ReadBack}) {
    if (absl::Status status = (this->*step)(); !status.ok()) return status;
  }
  TellHowToGoOn();
  return absl::OkStatus();
}

absl::Status Demo::Prepare() {
  absl::StatusOr<std::vector<Source>> sources = LoadSources(settings_.logs);
  if (!sources.ok()) return sources.status();
  sources_ = *std::move(sources);
  absl::StatusOr<bench::ServerProcess> server = StartServer(settings_, "127.0.0.1:0");
  if (!server.ok()) return server.status();
  server_.emplace(*std::move(server));

  const client::Admin admin(Connect());
  for (const Source& source : sources_) {
    v1::CreateTopicRequest request;
    request.set_topic(source.topic);
    request.set_partition_count(kPartitions);
    if (auto created = admin.CreateTopic(request); !created.ok()) return created.status();
    topics_.push_back(std::make_unique<TopicLedger>(source, kPartitions, settings_.passes));
    events_ += topics_.back()->sending_order.size();
    bytes_ += topics_.back()->bytes;
  }
  std::printf("server      %s, data in %s\n", server_->address().c_str(),
              settings_.data_dir.c_str());
  std::printf("topics      %zu with %u partitions each, %lu events, %.1f MB of log lines\n",
              topics_.size(), kPartitions, events_, static_cast<double>(bytes_) / 1e6);
  return absl::OkStatus();
}

// Every topic at once, as several services would.
absl::Status Demo::SendAll(absl::Duration delivery_timeout) {
  client::ProducerOptions options;
  options.batch_bytes = 64 << 10;
  options.delivery_timeout = delivery_timeout;
  client::Producer producer(Connect(), options);
  std::vector<absl::Status> results(topics_.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < topics_.size(); ++i) {
    threads.emplace_back([&, i] {
      results[i] = SendMissing(producer, *topics_[i], [this] {
        ++acknowledged_;
        on_acknowledged_();
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  absl::Status first;
  for (const absl::Status& result : results) first.Update(result);
  return first;
}

absl::Status Demo::ProduceUntilKilled() {
  absl::Notification half_done;
  on_acknowledged_ = [this, &half_done] {
    if (acknowledged_ == events_ / 2) half_done.Notify();
  };
  std::thread killer([&] {
    half_done.WaitForNotification();
    server_->Kill();
  });
  const absl::Time begin = absl::Now();
  const absl::Status status = SendAll(absl::Seconds(2));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  if (!half_done.HasBeenNotified()) {
    half_done.Notify();
    killer.join();
    return status.ok() ? absl::InternalError("everything was sent before the kill") : status;
  }
  killer.join();
  std::printf(
      "kill -9     after %lu acknowledged events, %.0f a second, each flushed to disk first\n",
      acknowledged_.load(), static_cast<double>(acknowledged_) / seconds);
  std::printf("            the producer says: %s\n", std::string(status.message()).c_str());
  return absl::OkStatus();
}

absl::Status Demo::RestartAndFinish() {
  const absl::Time begin = absl::Now();
  absl::StatusOr<bench::ServerProcess> server = StartServer(settings_, server_->address());
  if (!server.ok()) return server.status();
  server_.reset();
  server_.emplace(*std::move(server));
  std::printf("restart     ready after %.0f ms\n", absl::ToDoubleMilliseconds(absl::Now() - begin));

  int64_t found = 0;
  for (const auto& topic : topics_) {
    if (absl::Status status = CheckPrefix(Connect(), *topic); !status.ok()) return status;
    std::vector<int64_t>& at_restart = found_at_restart_.emplace_back();
    for (const auto& partition : topic->partitions) {
      found += partition->found;
      at_restart.push_back(partition->found);
    }
  }
  std::printf(
      "found       all %lu acknowledged events, and %ld whose answer the kill had cut off\n",
      acknowledged_.load(), found - static_cast<int64_t>(acknowledged_));

  restart_time_ms_ = absl::ToUnixMillis(absl::Now());
  on_acknowledged_ = [] {};
  const absl::Time resumed = absl::Now();
  if (absl::Status status = SendAll(absl::Seconds(30)); !status.ok()) return status;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - resumed);
  const auto rest = static_cast<double>(events_ - static_cast<uint64_t>(found));
  std::printf("finished    the other %.0f events, %.0f a second, each flushed to disk first\n",
              rest, rest / seconds);
  return absl::OkStatus();
}

absl::Status Demo::ReadBack() {
  const client::Client client = Connect();
  const absl::Time begin = absl::Now();
  for (const auto& topic : topics_) {
    if (absl::Status status = CheckPrefix(client, *topic); !status.ok()) return status;
    for (const auto& partition : topic->partitions) {
      if (partition->found != static_cast<int64_t>(partition->events.size())) {
        return absl::DataLossError(
            absl::StrCat("topic ", topic->topic, " lacks events at its end"));
      }
    }
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  std::printf(
      "read back   from offset 0: %lu events, %.0f a second; each once, in order, byte for byte\n",
      events_, static_cast<double>(events_) / seconds);

  int64_t from_middle = 0;
  int64_t from_time = 0;
  for (size_t i = 0; i < topics_.size(); ++i) {
    for (uint32_t partition = 0; partition < kPartitions; ++partition) {
      const auto& events = topics_[i]->partitions[partition]->events;
      const int64_t middle = static_cast<int64_t>(events.size() / 2);
      auto read =
          CheckFrom(client, *topics_[i], partition, client::Position::AtOffset(middle), middle);
      if (!read.ok()) return read.status();
      from_middle += *read;
      read = CheckFrom(client, *topics_[i], partition, client::Position::AtTime(restart_time_ms_),
                       found_at_restart_[i][partition]);
      if (!read.ok()) return read.status();
      from_time += *read;
    }
  }
  std::printf(
      "            from the middle: %ld events; from the time of the restart: %ld events; the "
      "same\n",
      from_middle, from_time);
  return server_->Terminate();
}

void Demo::TellHowToGoOn() const {
  const char* leat = settings_.leat.c_str();
  const char* topic = topics_.front()->topic.c_str();
  std::printf(
      "\nGo on by hand:\n"
      "  %s serve --data-dir %s &\n"
      "  %s topic ls\n"
      "  %s consume %s -o :5\n"
      "  echo 'hello' | %s produce %s -k me\n"
      "  %s tail %s\n",
      leat, settings_.data_dir.c_str(), leat, leat, topic, leat, topic, leat, topic);
}

}  // namespace
}  // namespace leat::demo

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  leat::demo::Settings settings;
  CLI::App app("Leat's main job in one minute, checked");
  app.add_option("--leat", settings.leat, "The leat binary")->required();
  app.add_option("--logs", settings.logs, "Where the *_2k.log files are");
  app.add_option("--data-dir", settings.data_dir,
                 "A directory that does not exist yet (default: a temporary one)");
  app.add_option("--passes", settings.passes, "How often each file is sent")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  char temporary[] = "/var/tmp/leat-demo-XXXXXX";
  if (settings.data_dir.empty()) settings.data_dir = absl::StrCat(mkdtemp(temporary), "/data");
  if (absl::Status status = leat::demo::Demo(settings).Run(); !status.ok()) {
    std::cerr << "demo: " << status << "\n";
    return 1;
  }
  return 0;
}
