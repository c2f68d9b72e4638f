// How big can a server get, and how fast is it back? Runs the server in a process of its own and
// prints, part by part:
//
//   start       from the start on an empty directory to the first durable answer; idle memory
//   partitions  10,000 partitions, empty and with a record each: memory, disk, time to start
//   at_once     1,000 partitions written in turn against one: throughput kept
//   restart     10 GB of records: time to start after an orderly stop and after SIGKILL
//
//   at_scale --leat PATH [--data-dir DIR] [--only PART]... [--rounds N] [--gigabytes N]
//
// A start counts until the server listens, by when every log was recovered. Checked in the same
// run: every answer, and every record read back (of the 10,000 partitions each). Exits with 1 when
// any is wrong. The directory is emptied between parts and at the end.

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/load/load.h"
#include "bench/load/passes.h"
#include "bench/median.h"
#include "bench/process_usage.h"
#include "bench/programs/topics.h"
#include "bench/server_process.h"
#include "bench/steady_clock.h"
#include "bench/temporary_directory.h"
#include "server/process.h"

namespace leat::bench {
namespace {

constexpr uint32_t kPartitionsPerTopic = 1'000;
constexpr uint32_t kTopics = 10;
constexpr absl::Duration kIdle = absl::Seconds(3);  // Checkpoints and control frames are through.

struct Settings {
  std::string leat;
  std::string data_dir = "/var/tmp";
  std::vector<std::string> only;
  int rounds = 5;
  uint64_t gigabytes = 10;
};

uint64_t DiskBytes(const std::string& directory) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat status;
    if (stat(entry.path().c_str(), &status) == 0) {
      bytes += static_cast<uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

absl::Duration Since(Nanos begin) { return absl::Nanoseconds(SteadyNow() - begin); }

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

class Scale {
 public:
  explicit Scale(Settings settings) : settings_(std::move(settings)) {}

  absl::Status Run() {
    const std::pair<std::string, absl::Status (Scale::*)()> parts[] = {
        {"start", &Scale::FirstAnswer},
        {"partitions", &Scale::ManyPartitions},
        {"at_once", &Scale::ManyAtOnce},
        {"restart", &Scale::Restart}};
    for (const auto& [name, part] : parts) {
      const auto& only = settings_.only;
      if (!only.empty() && std::find(only.begin(), only.end(), name) == only.end()) continue;
      absl::Status status = (this->*part)();
      server_.reset();
      std::filesystem::remove_all(settings_.data_dir);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  enum class Ending { kStop, kKill };

  absl::StatusOr<absl::Duration> Start() {
    const Nanos begin = SteadyNow();
    auto started = ServerProcess::Start(
        {settings_.leat, "serve", "--data-dir", settings_.data_dir, "--listen", "127.0.0.1:0"});
    if (!started.ok()) return started.status();
    const absl::Duration took = Since(begin);
    server_.reset();
    server_.emplace(*std::move(started));
    return took;
  }

  absl::Status End(Ending ending) {
    if (ending == Ending::kStop) return server_->Terminate();
    server_->Kill();
    return absl::OkStatus();
  }

  // Ends and starts it; prints how long the start took, in the middle and at most.
  absl::Status TimeStarts(Ending ending) {
    std::vector<absl::Duration> times;
    for (int i = 0; i < settings_.rounds; ++i) {
      if (absl::Status ended = End(ending); !ended.ok()) return ended;
      const auto took = Start();
      if (!took.ok()) return took.status();
      times.push_back(*took);
    }
    std::printf("  start after %s: %.0f ms, %.0f ms at most of %d\n",
                ending == Ending::kStop ? "an orderly stop" : "kill -9",
                Milliseconds(Median(times)),
                Milliseconds(*std::max_element(times.begin(), times.end())), settings_.rounds);
    return absl::OkStatus();
  }

  void PrintHeld(const char* what) {
    absl::SleepFor(kIdle);
    std::printf("  %s: %.1f MiB of memory, %.1f MiB of disk\n", what,
                static_cast<double>(UsageOf(server_->pid()).memory_bytes) / (1 << 20),
                static_cast<double>(DiskBytes(settings_.data_dir)) / (1 << 20));
  }

  LoadSettings SmallBatches(const std::string& topic, uint32_t partitions) const {
    return {.address = server_->address(),
            .topic = topic,
            .partition_count = partitions,
            .record_bytes = 100,
            .batches_max = partitions};
  }

  // One small batch to each partition.
  absl::Status TouchEach(const std::string& topic, uint32_t partitions) {
    return WriteBatches(SmallBatches(topic, partitions)).status();
  }
  absl::Status CheckEach(const std::string& topic, uint32_t partitions) {
    return ReadBatches(SmallBatches(topic, partitions), std::vector<int64_t>(partitions, 1));
  }

  absl::Status FirstAnswer() {
    std::printf("start on an empty directory, %d times\n", settings_.rounds);
    std::vector<absl::Duration> starts, answers;
    for (int i = 0; i < settings_.rounds; ++i) {
      server_.reset();
      std::filesystem::remove_all(settings_.data_dir);
      const Nanos begin = SteadyNow();
      const auto took = Start();
      if (!took.ok()) return took.status();
      absl::Status status = CreateTopic(server_->address(), "first");
      if (status.ok()) status = TouchEach("first", 1);
      if (!status.ok()) return status;
      starts.push_back(*took);
      answers.push_back(Since(begin));
      status = CheckEach("first", 1);
      if (!status.ok()) return status;
    }
    std::printf("  listens after %.0f ms, first durable answer after %.0f ms\n",
                Milliseconds(Median(starts)), Milliseconds(Median(answers)));
    PrintHeld("idle");
    return absl::OkStatus();
  }

  absl::Status ManyPartitions() {
    std::printf("%u topics of %u partitions\n", kTopics, kPartitionsPerTopic);
    if (auto took = Start(); !took.ok()) return took.status();
    const Nanos begin = SteadyNow();
    for (uint32_t i = 0; i < kTopics; ++i) {
      absl::Status made =
          CreateTopic(server_->address(), absl::StrCat("idle-", i), kPartitionsPerTopic);
      if (!made.ok()) return made;
    }
    std::printf("  made in %.0f ms\n", Milliseconds(Since(begin)));
    PrintHeld("empty");
    absl::Status status = TimeStarts(Ending::kStop);
    if (status.ok()) status = TimeStarts(Ending::kKill);
    const Nanos touched = SteadyNow();
    for (uint32_t i = 0; status.ok() && i < kTopics; ++i) {
      status = TouchEach(absl::StrCat("idle-", i), kPartitionsPerTopic);
    }
    if (!status.ok()) return status;
    std::printf("  a record into each, flushed: %.1f s\n", SecondsSince(touched));
    PrintHeld("a record in each");
    for (const Ending ending : {Ending::kKill, Ending::kStop}) {
      status = TimeStarts(ending);
      if (!status.ok()) return status;
    }
    PrintHeld("started again");
    for (uint32_t i = 0; status.ok() && i < kTopics; ++i) {
      status = CheckEach(absl::StrCat("idle-", i), kPartitionsPerTopic);
    }
    return status;
  }

  // Bytes a second into so many partitions in turn.
  absl::StatusOr<double> Throughput(uint32_t partitions) {
    const auto result = RunLoad({.address = server_->address(),
                                 .partition_count = partitions,
                                 .records_per_batch = 1'000,
                                 .duration = absl::Seconds(5)});
    if (!result.ok()) return result.status();
    return static_cast<double>(result->produced.bytes) / absl::ToDoubleSeconds(result->elapsed);
  }

  absl::Status ManyAtOnce() {
    std::printf("%u partitions written in turn against one, batches of 1 MB, 16 in flight\n",
                kPartitionsPerTopic);
    if (auto took = Start(); !took.ok()) return took.status();
    for (int i = 0; i < settings_.rounds; ++i) {
      const auto one = Throughput(1);
      if (!one.ok()) return one.status();
      const auto many = Throughput(kPartitionsPerTopic);
      if (!many.ok()) return many.status();
      std::printf("  one %.2f GB/s, %u %.2f GB/s: %.2f\n", *one / 1e9, kPartitionsPerTopic,
                  *many / 1e9, *many / *one);
    }
    return absl::OkStatus();
  }

  absl::Status Restart() {
    constexpr uint32_t kPartitions = 8;
    std::printf("%lu GB in %u partitions\n", settings_.gigabytes, kPartitions);
    if (auto took = Start(); !took.ok()) return took.status();
    absl::Status status = CreateTopic(server_->address(), "big", kPartitions);
    if (!status.ok()) return status;
    LoadSettings load = {.address = server_->address(),
                         .topic = "big",
                         .partition_count = kPartitions,
                         .records_per_batch = 1'000,
                         .batches_max = settings_.gigabytes * 1'000};
    const auto written = WriteBatches(load);
    if (!written.ok()) return written.status();
    // Right behind the last answer: the checkpoint does not know of the last ones.
    for (const Ending ending : {Ending::kKill, Ending::kStop}) {
      status = TimeStarts(ending);
      if (!status.ok()) return status;
    }
    load.address = server_->address();
    status = ReadBatches(load, *written);
    if (!status.ok()) return status;
    std::printf("  %lu records read back, all right\n", load.batches_max * load.records_per_batch);
    return End(Ending::kStop);
  }

  const Settings settings_;
  std::optional<ServerProcess> server_;
};

}  // namespace
}  // namespace leat::bench

int main(int argc, char** argv) {
  leat::server::PrepareServerProcess();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  leat::bench::Settings settings;
  CLI::App app("How big a server can get, and how fast it is back");
  app.add_option("--leat", settings.leat, "The leat binary")->required();
  app.add_option("--data-dir", settings.data_dir,
                 "Where to make a directory, which is removed again")
      ->capture_default_str();
  app.add_option("--only", settings.only, "start, partitions, at_once, restart");
  app.add_option("--rounds", settings.rounds, "How often each is done")->capture_default_str();
  app.add_option("--gigabytes", settings.gigabytes, "Of 'restart'")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return leat::bench::RunInTemporaryDirectory("at_scale", settings.data_dir,
                                              [&settings](const std::string& path) {
                                                settings.data_dir = path + "/data";
                                                return leat::bench::Scale(settings).Run();
                                              });
}
