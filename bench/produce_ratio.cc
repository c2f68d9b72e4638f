// How much of what gRPC can carry, and of what the disk can take, does Leat acknowledge durably?
// Streams batches into a server and into a null sink on the same gRPC stack, each in a process of
// its own, over loopback TCP, and writes the bare disk as the server does; in turn, round by round.
// Prints all three, and Leat's ratio to each floor and to the lower of them.
//
//   produce_ratio --leat PATH [--data-dir DIR] [--rounds N] [--seconds S] [--record-bytes N]
//   [--records N] [--window N]
//
// Durability class: flushed. Correctness is checked in the same run: every answer (dense offsets,
// SYNCED), the high watermark, and every record read back. Exits with 1 when any is wrong.

#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bench/median.h"
#include "bench/null_sink.h"
#include "bench/raw_disk.h"
#include "bench/read_back.h"
#include "bench/server_process.h"
#include "bench/stream_load.h"
#include "bench/temporary_directory.h"

namespace leat::bench {
namespace {

struct Settings {
  std::string leat;
  std::string data_dir;
  int rounds = 5;
  int seconds = 4;
  StreamLoadOptions load;
};

int ServeNull() {
  NullSink sink;
  std::fprintf(stderr, "listening on 127.0.0.1:%d\n", sink.port());
  pause();
  return 0;
}

absl::StatusOr<double> RunRound(const std::string& address, bool check, int round,
                                Settings settings, uint64_t* records) {
  settings.load.address = address;
  settings.load.topic = absl::StrCat("ratio-", round);
  settings.load.duration = absl::Seconds(settings.seconds);
  settings.load.check_answers = check;
  if (check) {
    if (absl::Status status = CreateTopic(address, settings.load.topic); !status.ok())
      return status;
  }
  const absl::StatusOr<StreamLoadResult> result = RunStreamLoad(settings.load);
  if (!result.ok()) return result.status();
  if (check) {
    if (absl::Status status = ReadBack(address, settings.load.topic, result->records_total);
        !status.ok()) {
      return status;
    }
    *records += result->records_total;
    if (absl::Status status = DeleteTopic(address, settings.load.topic); !status.ok())
      return status;
  }
  return result->bytes_per_second();
}

// Bytes a second of one round, or of the medians of all.
struct Figures {
  double leat = 0;
  double null_sink = 0;
  double raw_disk = 0;
};

void Print(const char* what, const Figures& figures) {
  std::printf(
      "%s: leat %.2f GB/s, null sink %.2f GB/s, raw disk %.2f GB/s; ratio to null sink %.2f, "
      "to raw disk %.2f, to the lower of them %.2f\n",
      what, figures.leat / 1e9, figures.null_sink / 1e9, figures.raw_disk / 1e9,
      figures.leat / figures.null_sink, figures.leat / figures.raw_disk,
      figures.leat / std::min(figures.null_sink, figures.raw_disk));
  std::fflush(stdout);
}

absl::StatusOr<Figures> RunRounds(const std::string& leat, const std::string& sink,
                                  const Settings& settings, uint64_t* records) {
  std::vector<double> durable, null, disk;
  for (int round = 0; round < settings.rounds; ++round) {
    const absl::StatusOr<double> a = RunRound(leat, true, round, settings, records);
    if (!a.ok()) return a.status();
    const absl::StatusOr<double> b = RunRound(sink, false, round, settings, records);
    if (!b.ok()) return b.status();
    const absl::StatusOr<double> c =
        RunRawDisk({.directory = settings.data_dir, .duration = absl::Seconds(settings.seconds)});
    if (!c.ok()) return c.status();
    durable.push_back(*a), null.push_back(*b), disk.push_back(*c);
    Print(absl::StrCat("round ", round + 1).c_str(), {*a, *b, *c});
  }
  return Figures{Median(durable), Median(null), Median(disk)};
}

absl::Status Run(const char* self, const Settings& settings) {
  absl::StatusOr<ServerProcess> sink = ServerProcess::Start({self, "--null-sink"});
  if (!sink.ok()) return sink.status();
  absl::StatusOr<ServerProcess> leat = ServerProcess::Start(
      {settings.leat, "serve", "--data-dir", settings.data_dir, "--listen", "127.0.0.1:0"});
  if (!leat.ok()) return leat.status();

  std::printf(
      "%u records of %u bytes in a batch, %u batches in flight, %d rounds of %d s, flushed\n",
      settings.load.records_per_batch, settings.load.record_bytes, settings.load.window,
      settings.rounds, settings.seconds);
  uint64_t records = 0;
  const absl::StatusOr<Figures> medians =
      RunRounds(leat->address(), sink->address(), settings, &records);
  if (!medians.ok()) return medians.status();
  Print("median", *medians);
  std::printf("%lu records read back, all right\n", records);
  return leat->Terminate();
}

}  // namespace
}  // namespace leat::bench

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  mallopt(M_MMAP_THRESHOLD, 256 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  leat::bench::Settings settings;
  bool null_sink = false;
  CLI::App app("Durable produce throughput as a ratio to a null sink on the same gRPC stack");
  app.add_option("--leat", settings.leat, "The leat binary");
  app.add_option("--data-dir", settings.data_dir, "An empty directory (default: a temporary one)");
  app.add_option("--rounds", settings.rounds, "Pairs of runs")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "Measured length of a run")->capture_default_str();
  app.add_option("--record-bytes", settings.load.record_bytes, "Value size")->capture_default_str();
  app.add_option("--records", settings.load.records_per_batch, "Records in a batch")
      ->capture_default_str();
  app.add_option("--window", settings.load.window, "Batches in flight")->capture_default_str();
  app.add_flag("--null-sink", null_sink, "Be the null sink");
  CLI11_PARSE(app, argc, argv);
  if (null_sink) return leat::bench::ServeNull();

  auto temporary = leat::bench::TemporaryDirectory::Make();
  absl::Status status = temporary.status();
  if (status.ok()) {
    if (settings.data_dir.empty()) settings.data_dir = temporary->path();
    status = leat::bench::Run(argv[0], settings);
  }
  if (status.ok()) return 0;
  std::cerr << "produce_ratio: " << status << "\n";
  return 1;
}
