#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/listening_process.h"
#include "bench/load/load.h"
#include "cli/bench_report.h"
#include "cli/bench_verbs.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

using bench::LoadResult;
using bench::LoadSettings;

struct BenchFlags {
  LoadSettings load;
  std::string record_bytes = "1KiB";
  std::string batch_bytes_default;  // Empty: a batch is one record.
  std::optional<std::string> batch_bytes;
  std::optional<uint32_t> records_per_batch;
  std::string fill = "0";
  std::string warm_up = "2s";
  std::string duration = "10s";
  std::string via = "stream";
  std::string durability = "synced";
  std::string format = "table";
  std::string hdr;
};

absl::Status ReadBytes(const char* flag, const std::string& text, int64_t most, auto* out) {
  const absl::StatusOr<int64_t> bytes = ParseBytes(text);
  if (!bytes.ok()) return bytes.status();
  if (*bytes > most) {
    return absl::InvalidArgumentError(
        fmt::format("{} {} is too large; at most {}", flag, text, FormatBytes(most)));
  }
  *out = static_cast<std::remove_pointer_t<decltype(out)>>(*bytes);
  return absl::OkStatus();
}

absl::Status ReadDuration(const std::string& text, absl::Duration* out) {
  const absl::StatusOr<absl::Duration> duration = ParseDuration(text);
  if (duration.ok()) *out = *duration;
  return duration.status();
}

absl::Status ReadBatchSize(const BenchFlags& flags, LoadSettings* load) {
  constexpr int64_t kMost = 64 << 20;
  if (flags.records_per_batch.has_value()) {
    load->records_per_batch = *flags.records_per_batch;
    return absl::OkStatus();
  }
  const std::string text = flags.batch_bytes.value_or(flags.batch_bytes_default);
  if (text.empty()) return absl::OkStatus();
  uint32_t bytes = 0;
  absl::Status status = ReadBytes("--batch-bytes", text, kMost, &bytes);
  load->records_per_batch = std::max(1u, bytes / std::max(1u, load->record_bytes));
  return status;
}

absl::Status ReadVia(const BenchFlags& flags, LoadSettings* load) {
  if (flags.via == "unary") {
    load->via = bench::Via::kUnary;
  } else if (flags.via == "client") {
    load->via = bench::Via::kClient;
  } else if (flags.via != "stream") {
    return absl::InvalidArgumentError(
        fmt::format("--via {} is unknown: stream, unary or client", flags.via));
  }
  if (flags.durability == "written") {
    load->durability = v1::DURABILITY_WRITTEN;
  } else if (flags.durability != "synced") {
    return absl::InvalidArgumentError(
        fmt::format("--durability {} is unknown: synced or written", flags.durability));
  }
  if (flags.format != "table" && flags.format != "json") {
    return absl::InvalidArgumentError(fmt::format("-f {} is unknown: table or json", flags.format));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadSettings> ReadFlags(const BenchFlags& flags, const std::string& server) {
  constexpr int64_t kMostFill = std::numeric_limits<int64_t>::max();
  LoadSettings load = flags.load;
  load.address = server;
  load.server_process = bench::FindListeningProcess(server);
  absl::Status status =
      ReadBytes("--record-bytes", flags.record_bytes, 1 << 20, &load.record_bytes);
  if (status.ok()) status = ReadBatchSize(flags, &load);
  if (status.ok()) status = ReadBytes("--fill", flags.fill, kMostFill, &load.fill_bytes);
  if (status.ok()) status = ReadDuration(flags.warm_up, &load.warm_up);
  if (status.ok()) status = ReadDuration(flags.duration, &load.duration);
  if (status.ok()) status = ReadVia(flags, &load);
  if (!load.topic.empty()) load.fill_bytes = 0;
  if (!status.ok()) return status;
  return load;
}

absl::Status WriteHistogram(const std::string& path, const LoadResult& result) {
  const bench::Histogram& latency =
      result.end_to_end_latency.count() > 0 ? result.end_to_end_latency : result.answer_latency;
  const std::string text = latency.ToPercentileText(/*unit=*/1e6);
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return absl::ErrnoToStatus(errno, path);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) == 0 && written) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, path);
}

ExitCode FailLoad(const absl::Status& status, const LoadSettings& load) {
  if (!absl::IsDataLoss(status)) {
    return Fail(status, {.server = load.address, .topic = load.topic});
  }
  Complain(fmt::format(
      "the check failed: {}; the figures are worth nothing. If nobody else writes to the topic, "
      "look into the server's log, and stop it and run 'leat segment verify'",
      std::string(status.message())));
  return kFailed;
}

ExitCode Bench(const GlobalOptions& globals, const BenchFlags& flags) {
  const absl::StatusOr<LoadSettings> load = ReadFlags(flags, globals.server);
  if (!load.ok()) {
    Complain(std::string(load.status().message()));
    return kUsage;
  }
  globals.Tell(DescribeSettings(*load));
  const Interrupt interrupt;
  const bench::LoadWatcher watcher = {
      .on_second = [&](const auto& progress) { globals.Tell(DescribeProgress(progress)); },
      .interrupted = [&interrupt] { return interrupt.requested(); }};
  const absl::StatusOr<LoadResult> result = bench::RunLoad(*load, watcher);
  if (!result.ok()) return FailLoad(result.status(), *load);
  if (!flags.hdr.empty()) {
    if (absl::Status status = WriteHistogram(flags.hdr, *result); !status.ok()) {
      Complain(std::string(status.message()));
      return kFailed;
    }
  }
  const ExitCode printed = PrintOrFail(flags.format == "json" ? ResultToJson(*load, *result)
                                                              : DescribeResult(*load, *result));
  return printed == kOk && result->interrupted ? kInterrupted : printed;
}

// What every verb has. An option that would do nothing is none of the verb's.
CLI::Option& AddCommonFlags(CLI::App& verb, BenchFlags& flags) {
  CLI::Option& topic =
      *verb.add_option("topic", flags.load.topic,
                       "A topic that is there; without one, one is made and removed again");
  verb.add_option("--partitions", flags.load.partition_count, "Of the topic that is made")
      ->excludes(&topic);
  verb.add_option("--warm-up", flags.warm_up, "Time before measuring");
  verb.add_option("--duration", flags.duration, "Time of measuring");
  verb.add_option("-f,--format", flags.format, "table or json");
  return topic;
}

// What is written: to be measured, or to be read.
std::vector<CLI::Option*> AddRecords(CLI::App& verb, BenchFlags& flags) {
  CLI::Option* value =
      verb.add_option("--record-bytes", flags.record_bytes, "Size of a record's value");
  CLI::Option* batch =
      verb.add_option("--batch-bytes", flags.batch_bytes,
                      fmt::format("Values of one batch together; without it {}",
                                  flags.batch_bytes_default.empty() ? "a batch is one record"
                                                                    : flags.batch_bytes_default));
  CLI::Option* count =
      verb.add_option("--records-per-batch", flags.records_per_batch, "Instead of --batch-bytes")
          ->excludes(batch);
  CLI::Option* keys =
      verb.add_option("--keys", flags.load.key_count,
                      "Give each record one of so many keys; 0: none. Only --via client chooses "
                      "partitions by them");
  return {value, batch, count, keys};
}

void AddProducers(CLI::App& verb, BenchFlags& flags) {
  AddRecords(verb, flags);
  verb.add_option("--producers", flags.load.producers, "Each with a connection of its own");
  verb.add_option("--window", flags.load.window,
                  "Batches in flight of each producer; --via client in an open loop has a buffer "
                  "for twice as many");
  verb.add_option("--durability", flags.durability, "synced or written");
  verb.add_option("--via", flags.via,
                  "stream: prepared batches, as cheap as gRPC allows; unary: each a call; client: "
                  "record by record through the C++ client");
  verb.add_option("--rate", flags.load.rate,
                  "Records a second, sent on time whatever the server does (an open loop); latency "
                  "counts from when each was to be sent. 0: each batch as soon as one is answered")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--hdr", flags.hdr,
                  "Write the latencies (end to end where there are any) to this file, in "
                  "HdrHistogram's percentile format, in milliseconds");
}

void AddConsumers(CLI::App& verb, BenchFlags& flags) {
  verb.add_option("--consumers", flags.load.consumers,
                  "Each with a connection of its own, and each reads all");
}

void AddFill(CLI::App& verb, BenchFlags& flags, CLI::Option& topic) {
  std::vector<CLI::Option*> options = AddRecords(verb, flags);
  options.push_back(
      verb.add_option("--fill", flags.fill, "Bytes written first to the topic that is made"));
  for (CLI::Option* option : options) option->excludes(&topic);
  verb.add_option(
          "--via", flags.via,
          "stream: whole batches, as cheap as gRPC allows; client: record by record through "
          "the C++ client")
      ->check(CLI::IsMember({"stream", "client"}));
}

CLI::App& AddVerb(CLI::App& bench, const char* name, const char* meaning,
                  const GlobalOptions& globals, Run& run,
                  const std::shared_ptr<BenchFlags>& flags) {
  CLI::App& verb = *bench.add_subcommand(name, meaning);
  verb.callback(
      [&globals, &run, flags] { run = [&globals, flags] { return Bench(globals, *flags); }; });
  return verb;
}

}  // namespace

void AddBenchLoads(CLI::App& bench, const GlobalOptions& globals, Run& run) {
  auto produce = std::make_shared<BenchFlags>();
  produce->batch_bytes_default = "1MiB";
  CLI::App& produce_verb = AddVerb(
      bench, "produce", "Write, then read everything back and check it", globals, run, produce);
  AddCommonFlags(produce_verb, *produce);
  AddProducers(produce_verb, *produce);

  auto consume = std::make_shared<BenchFlags>();
  consume->batch_bytes_default = "1MiB";
  consume->fill = "1GiB";
  consume->load.producers = 0;
  consume->load.consumers = 1;
  CLI::App& consume_verb = AddVerb(
      bench, "consume", "Read a topic from start to end, again and again", globals, run, consume);
  AddFill(consume_verb, *consume, AddCommonFlags(consume_verb, *consume));
  AddConsumers(consume_verb, *consume);

  auto both = std::make_shared<BenchFlags>();
  both->load.window = 1;
  both->load.consumers = 1;
  CLI::App& both_verb =
      AddVerb(bench, "e2e", "Write and read at once: how long a record takes from end to end",
              globals, run, both);
  AddCommonFlags(both_verb, *both);
  AddProducers(both_verb, *both);
  AddConsumers(both_verb, *both);
}

}  // namespace leat::cli
