#include "cli/bench_report.h"

#include <optional>
#include <utility>
#include <vector>

#include "cli/quantity.h"
#include "cli/table.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace leat::cli {
namespace {

using bench::Histogram;
using bench::LoadResult;
using bench::LoadSettings;
using bench::Tally;
using Json = nlohmann::ordered_json;

constexpr double kNanosPerMilli = 1e6;

constexpr std::pair<const char*, double> kPercentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}};

const char* NameOf(bench::Via via) {
  switch (via) {
    case bench::Via::kUnary:
      return "unary";
    case bench::Via::kClient:
      return "client";
    default:
      return "stream";
  }
}

// What an acknowledgement means.
const char* DurabilityClass(const LoadSettings& settings) {
  return settings.durability == v1::DURABILITY_WRITTEN ? "written" : "flushed";
}

double PerSecond(uint64_t amount, const LoadResult& result) {
  const double seconds = absl::ToDoubleSeconds(result.elapsed);
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

std::optional<double> PerGigabyte(absl::Duration time, const LoadResult& result) {
  const auto bytes = static_cast<double>(result.produced.bytes + result.consumed.bytes);
  return bytes > 0 ? std::optional(absl::ToDoubleSeconds(time) / (bytes / 1e9)) : std::nullopt;
}

// Of whole batches out of a topic that was there nobody knows what is value in them.
bool HasBytes(const Tally& tally) { return tally.bytes > 0 || tally.records == 0; }

void AddThroughput(const char* what, const Tally& tally, const LoadResult& result, Table* table) {
  if (tally.records == 0) return;
  table->Add({what, FormatCount(static_cast<int64_t>(PerSecond(tally.records, result))),
              HasBytes(tally) ? fmt::format("{:.1f}", PerSecond(tally.bytes, result) / 1e6)
                              : "not known"});
}

// In milliseconds; "none" of an empty histogram.
template <typename Nanos>
std::string Figure(std::optional<Nanos> nanos) {
  return nanos.has_value() ? fmt::format("{:.3f}", static_cast<double>(*nanos) / kNanosPerMilli)
                           : "none";
}

template <typename Nanos>
Json ToJson(std::optional<Nanos> nanos) {
  return nanos.has_value() ? Json(static_cast<double>(*nanos) / kNanosPerMilli) : Json();
}

void AddLatency(const char* what, const Histogram& latency, Table* table) {
  std::vector<std::string> row = {what};
  for (const auto& [name, percentile] : kPercentiles) {
    row.push_back(Figure(latency.ValueAt(percentile)));
  }
  row.push_back(Figure(latency.max()));
  row.push_back(Figure(latency.Mean()));
  row.push_back(FormatCount(static_cast<int64_t>(latency.count())));
  table->Add(std::move(row));
}

Json ToJson(const Tally& tally, const LoadResult& result) {
  return {{"records_per_second", PerSecond(tally.records, result)},
          {"bytes_per_second", HasBytes(tally) ? Json(PerSecond(tally.bytes, result)) : Json()}};
}

Json ToJson(const Histogram& latency) {
  Json json = {{"count", latency.count()}, {"mean", ToJson(latency.Mean())}};
  for (const auto& [name, percentile] : kPercentiles) {
    json[name] = ToJson(latency.ValueAt(percentile));
  }
  json["max"] = ToJson(latency.max());
  return json;
}

Json ToJson(const LoadSettings& settings) {
  return {{"server", settings.address},
          {"topic", settings.topic},
          {"via", NameOf(settings.via)},
          {"durability", DurabilityClass(settings)},
          {"partitions", settings.partition_count},
          {"producers", settings.producers},
          {"consumers", settings.consumers},
          {"record_bytes", settings.record_bytes},
          {"records_per_batch", settings.records_per_batch},
          {"keys", settings.key_count},
          {"window", settings.window},
          {"rate", settings.rate},
          {"warm_up_seconds", absl::ToDoubleSeconds(settings.warm_up)},
          {"duration_seconds", absl::ToDoubleSeconds(settings.duration)}};
}

std::string DescribeProcessorTime(const LoadSettings& settings, const LoadResult& result) {
  const auto client = PerGigabyte(result.client_processor_time, result);
  const auto server = PerGigabyte(result.server_processor_time, result);
  if (!client.has_value()) return "";
  std::string text = fmt::format("processor seconds for a GB of values: client {:.2f}", *client);
  if (settings.server_process == 0) return text + "; the server is no process of ours to look at\n";
  return text + fmt::format(", server {:.2f}\n", *server);
}

std::string DescribeMissed(const LoadResult& result) {
  if (result.records_missed == 0) return "";
  return fmt::format(
      "{} could not be sent at the rate that was asked for; the latencies hold them with the time "
      "they had waited at the end\n",
      Count(static_cast<int64_t>(result.records_missed), "record"));
}

std::string DescribeChecks(const LoadResult& result) {
  std::string text;
  if (result.records_sent > 0) {
    text += fmt::format("checked: {} acknowledged, without a gap",
                        Count(static_cast<int64_t>(result.records_sent), "record"));
  }
  if (result.records_read > 0) {
    text +=
        fmt::format("{}{} read, in order, each checksum right", text.empty() ? "checked: " : "; ",
                    Count(static_cast<int64_t>(result.records_read), "record"));
  } else if (result.interrupted) {
    text += "; interrupted, so nothing was read back";
  }
  if (result.interrupted && result.records_read > 0) text += "; then interrupted";
  return text + "\n";
}

}  // namespace

std::string DescribeSettings(const LoadSettings& settings) {
  const std::string rate = settings.rate > 0
                               ? fmt::format("open loop of {:.0f} records/s", settings.rate)
                               : "closed loop";
  return fmt::format(
      "{} and {} via {}, {}, records of {}, {} in a batch, {} in flight, {}, {} (an answer comes "
      "after that), {} of warm-up, {} measured",
      Count(settings.producers, "producer"), Count(settings.consumers, "consumer"),
      NameOf(settings.via),
      settings.topic.empty() ? Count(settings.partition_count, "partition")
                             : "topic " + settings.topic,
      FormatBytes(settings.record_bytes), settings.records_per_batch, settings.window, rate,
      DurabilityClass(settings), DescribeDuration(settings.warm_up),
      DescribeDuration(settings.duration));
}

std::string DescribeProgress(const bench::LoadProgress& progress) {
  std::string text = fmt::format("{:3.0f} s ", absl::ToDoubleSeconds(progress.elapsed));
  for (const auto& [what, tally] :
       {std::pair("produced", progress.produced), std::pair("consumed", progress.consumed)}) {
    if (tally.records == 0) continue;
    text += fmt::format(" {} {} records/s", what, FormatCount(static_cast<int64_t>(tally.records)));
    if (HasBytes(tally))
      text += fmt::format(", {:.1f} MB/s", static_cast<double>(tally.bytes) / 1e6);
    text += ";";
  }
  return text + (progress.warming_up ? " warming up" : "");
}

std::string DescribeResult(const LoadSettings& settings, const LoadResult& result) {
  Table throughput({"", ">records/s", ">MB/s of values"});
  AddThroughput("produced", result.produced, result, &throughput);
  AddThroughput("consumed", result.consumed, result, &throughput);
  std::string text = throughput.ToText();
  Table latency(
      {"milliseconds", ">p50", ">p90", ">p99", ">p99.9", ">p99.99", ">max", ">mean", ">count"});
  if (settings.producers > 0) AddLatency("until the answer", result.answer_latency, &latency);
  if (settings.producers > 0 && settings.consumers > 0) {
    AddLatency("end to end", result.end_to_end_latency, &latency);
  }
  if (settings.producers > 0) text += "\n" + latency.ToText();
  text += "\n" + DescribeMissed(result) + DescribeProcessorTime(settings, result) +
          DescribeChecks(result);
  return text;
}

std::string ResultToJson(const LoadSettings& settings, const LoadResult& result) {
  Json json = {{"settings", ToJson(settings)},
               {"elapsed_seconds", absl::ToDoubleSeconds(result.elapsed)},
               {"produced", ToJson(result.produced, result)},
               {"consumed", ToJson(result.consumed, result)},
               {"answer_latency_ms", ToJson(result.answer_latency)},
               {"end_to_end_latency_ms", ToJson(result.end_to_end_latency)},
               {"client_cpu_seconds_per_gb", nullptr},
               {"server_cpu_seconds_per_gb", nullptr},
               {"records_sent", result.records_sent},
               {"records_missed", result.records_missed},
               {"records_read", result.records_read},
               {"interrupted", result.interrupted}};
  if (const auto client = PerGigabyte(result.client_processor_time, result)) {
    json["client_cpu_seconds_per_gb"] = *client;
  }
  const auto server = PerGigabyte(result.server_processor_time, result);
  if (settings.server_process != 0 && server.has_value()) {
    json["server_cpu_seconds_per_gb"] = *server;
  }
  return json.dump(2) + "\n";
}

}  // namespace leat::cli
