// What does it cost that records are appended once, however often they are sent? The C++ producer
// sends the same records to the same server, idempotent and not, in turn, round by round, each to
// a topic of its own. Prints of each round, and of the medians, throughput and processor time (of
// client and server together), and by how much idempotence makes them worse. The disk's moods are
// in the first and not in the second.
//
//   idempotence_cost --leat PATH [--data-dir DIR] [--rounds N] [--seconds S] [--record-bytes N]
//   [--batch-bytes N]
//
// Durability class: flushed. Every answer is checked, and every record of every round read back;
// exits with 1 when any is wrong.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/load/passes.h"
#include "bench/median.h"
#include "bench/process_usage.h"
#include "bench/programs/topics.h"
#include "bench/server_process.h"
#include "bench/steady_clock.h"
#include "bench/temporary_directory.h"
#include "client/client.h"
#include "client/producer.h"
#include "server/process.h"

namespace leat::bench {
namespace {

enum class Mode { kPlain, kIdempotent };

struct Settings {
  std::string leat;
  std::string data_dir = "/var/tmp";
  int rounds = 7;
  int seconds = 3;
  uint32_t record_bytes = 1024;
  uint32_t batch_bytes = 1 << 20;
};

struct Figures {
  double records_per_second = 0;
  double processor_seconds = 0;  // For a million records.
};

Figures MedianOf(const std::vector<Figures>& rounds) {
  std::vector<double> rates, costs;
  for (const Figures& round : rounds) {
    rates.push_back(round.records_per_second);
    costs.push_back(round.processor_seconds);
  }
  return {Median(rates), Median(costs)};
}

absl::Duration ProcessorTime(const ServerProcess& server) {
  return UsageOf(server.pid()).processor_time + UsageOf(getpid()).processor_time;
}

void Print(const std::string& what, const Figures& plain, const Figures& idempotent) {
  std::printf(
      "%s: plain %.0f, idempotent %.0f records/s (%+.1f %%); %.3f, %.3f processor seconds for a "
      "million (%+.1f %%)\n",
      what.c_str(), plain.records_per_second, idempotent.records_per_second,
      100 * (idempotent.records_per_second / plain.records_per_second - 1), plain.processor_seconds,
      idempotent.processor_seconds,
      100 * (idempotent.processor_seconds / plain.processor_seconds - 1));
  std::fflush(stdout);
}

// Sends for a while after a warm-up of a second; records acknowledged in a second.
absl::StatusOr<double> Send(const std::string& address, const std::string& topic, Mode mode,
                            const Settings& settings, uint64_t* sent) {
  client::Producer producer(
      client::Client::Connect({.target = address}),
      {.batch_bytes = settings.batch_bytes, .idempotent = mode == Mode::kIdempotent});
  const std::string value(settings.record_bytes, 'v');
  std::atomic<uint64_t> acknowledged = 0;
  std::atomic<bool> failed = false;
  constexpr Nanos kSecond = 1'000'000'000;
  const Nanos begin = SteadyNow() + kSecond;
  const Nanos end = begin + settings.seconds * kSecond;
  uint64_t before = 0;
  Nanos measured_from = 0;
  for (Nanos now = SteadyNow(); now < end; now = SteadyNow()) {
    if (now >= begin && measured_from == 0) {
      measured_from = now;
      before = acknowledged;
    }
    for (int i = 0; i < 100; ++i) {
      absl::Status taken = producer.Send(topic, {.value = value, .partition = 0},
                                         [&](const client::SendResult& result) {
                                           result.status.ok() ? ++acknowledged : failed = true;
                                         });
      if (!taken.ok()) return taken;
      ++*sent;
    }
  }
  const uint64_t count = acknowledged - before;
  const double elapsed = SecondsSince(measured_from);
  if (absl::Status flushed = producer.Flush(absl::Minutes(1)); !flushed.ok()) return flushed;
  if (failed || acknowledged != *sent) return absl::DataLossError("not all were acknowledged");
  return static_cast<double>(count) / elapsed;
}

absl::StatusOr<Figures> RunRound(const ServerProcess& server, Mode mode, const Settings& settings) {
  const std::string& address = server.address();
  const std::string topic = mode == Mode::kPlain ? "plain" : "idempotent";
  if (absl::Status made = CreateTopic(address, topic); !made.ok()) return made;
  uint64_t sent = 0;
  const absl::Duration before = ProcessorTime(server);
  const absl::StatusOr<double> rate = Send(address, topic, mode, settings, &sent);
  if (!rate.ok()) return rate.status();
  const double used = absl::ToDoubleSeconds(ProcessorTime(server) - before);
  absl::Status read = ReadBatches({.address = address, .topic = topic, .via = Via::kClient},
                                  {static_cast<int64_t>(sent)});
  if (!read.ok()) return read;
  if (absl::Status deleted = DeleteTopic(address, topic); !deleted.ok()) return deleted;
  return Figures{*rate, 1e6 * used / static_cast<double>(sent)};
}

absl::Status Run(const Settings& settings) {
  absl::StatusOr<ServerProcess> server = ServerProcess::Start(
      {settings.leat, "serve", "--data-dir", settings.data_dir, "--listen", "127.0.0.1:0"});
  if (!server.ok()) return server.status();
  std::printf("records of %u bytes, batches of %u, %d rounds of %d s each way, flushed\n",
              settings.record_bytes, settings.batch_bytes, settings.rounds, settings.seconds);
  std::vector<Figures> figures[2];
  for (int round = 0; round < settings.rounds; ++round) {
    for (int turn = 0; turn < 2; ++turn) {
      // Who goes first changes, lest the disk favour one.
      const int mode = (round + turn) % 2;
      const absl::StatusOr<Figures> result = RunRound(*server, static_cast<Mode>(mode), settings);
      if (!result.ok()) return result.status();
      figures[mode].push_back(*result);
    }
    Print(absl::StrCat("round ", round + 1), figures[0].back(), figures[1].back());
  }
  Print("median", MedianOf(figures[0]), MedianOf(figures[1]));
  return server->Terminate();
}

}  // namespace
}  // namespace leat::bench

int main(int argc, char** argv) {
  leat::server::PrepareServerProcess();
  leat::bench::Settings settings;
  CLI::App app("What idempotence costs the C++ producer");
  app.add_option("--leat", settings.leat, "The leat binary")->required();
  app.add_option("--data-dir", settings.data_dir,
                 "Where to make a directory, which is removed again")
      ->capture_default_str();
  app.add_option("--rounds", settings.rounds, "Pairs of runs")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "Measured length of a run")->capture_default_str();
  app.add_option("--record-bytes", settings.record_bytes, "Value size")->capture_default_str();
  app.add_option("--batch-bytes", settings.batch_bytes, "Batch size")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  return leat::bench::RunInTemporaryDirectory("idempotence_cost", settings.data_dir,
                                              [&settings](const std::string& path) {
                                                settings.data_dir = path;
                                                return leat::bench::Run(settings);
                                              });
}
