#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/process_usage.h"
#include "bench/suite/measures.h"
#include "bench/suite/row_maker.h"
#include "bench/suite/turns.h"

namespace leat::bench {
namespace {

// A row for each count, the first one being what the others are held against.
class Series {
 public:
  Series(std::vector<uint32_t> counts, const SuiteRow& row) : counts_(std::move(counts)) {
    for (const uint32_t count : counts_) {
      SuiteRow of_count = row;
      absl::StrAppend(&of_count.measure, "/", count);
      of_count.title = absl::StrCat(row.title, ": ", count);
      if (count == counts_.front()) of_count.aim.reset();
      makers_.emplace_back(std::move(of_count), Better::kMore);
    }
  }

  // Runs `rate(count)` for each count, in every round.
  absl::StatusOr<Rows> Run(int rounds,
                           const std::function<absl::StatusOr<double>(uint32_t)>& rate) {
    std::vector<Turn> turns;
    for (const uint32_t count : counts_) turns.push_back([&rate, count] { return rate(count); });
    for (int round = 0; round < rounds; ++round) {
      const auto figures = TakeTurns(round, turns);
      if (!figures.ok()) return figures.status();
      makers_[0].Add((*figures)[0]);
      for (size_t i = 1; i < counts_.size(); ++i) {
        const std::string first = absl::StrCat("the same with ", counts_.front());
        makers_[i].Add((*figures)[i], {{first, (*figures)[0]}});
      }
    }
    Rows rows;
    for (const RowMaker& maker : makers_) rows.push_back(maker.Make());
    return rows;
  }

 private:
  const std::vector<uint32_t> counts_;
  std::vector<RowMaker> makers_;
};

}  // namespace

absl::StatusOr<Rows> HalfOfSaturation(const Stage& stage) {
  LoadSettings load = {.consumers = 1, .records_per_batch = 1, .window = 1024};
  SuiteRow row = {.measure = "e2e_1k/saturated",
                  .title = "end to end, 1 KiB records, one a message, as fast as answers come",
                  .unit = "records/s",
                  .durability = "flushed"};
  RowMaker saturated(row, Better::kMore);
  row.title = "end to end at half of that: p50";
  row.unit = "s";
  row.measure = "e2e_1k/p50";
  row.aim = 0.0005;
  RowMaker p50(row, Better::kLess);
  row.title = "end to end at half of that: p99";
  row.measure = "e2e_1k/p99";
  row.aim = 0.002;
  RowMaker p99(row, Better::kLess);
  for (int round = 0; round < stage.settings().rounds; ++round) {
    load.rate = 0;
    const auto full = stage.RunLeat(load);
    if (!full.ok()) return full.status();
    const double rate =
        static_cast<double>(full->consumed.records) / absl::ToDoubleSeconds(full->elapsed);
    saturated.Add(rate);
    load.rate = std::max(1.0, rate / 2);
    const auto half = stage.RunLeat(load);
    if (!half.ok()) return half.status();
    for (const auto& [maker, percentile] : {std::pair(&p50, 50), std::pair(&p99, 99)}) {
      const auto seconds = SecondsAt(half->end_to_end_latency, percentile);
      if (!seconds.ok()) return seconds.status();
      maker->Add(*seconds);
    }
  }
  return Rows{saturated.Make(), p50.Make(), p99.Make()};
}

absl::StatusOr<Rows> Together(const Stage& stage) {
  RowMaker maker({.measure = "together_1k",
                  .title = "a producer and a consumer at once, 1 MiB batches: sum",
                  .unit = "bytes/s",
                  .durability = "flushed",
                  .aim = 0.7},
                 Better::kLess);
  const LoadSettings produce = {.records_per_batch = 1024};
  LoadSettings both = produce;
  both.consumers = 1;
  LoadSettings consume = both;
  consume.producers = 0;
  consume.fill_bytes = stage.settings().fill_bytes;
  std::vector<Turn> turns;
  for (const LoadSettings& load : {both, produce, consume}) {
    turns.push_back([&stage, load] { return RateOf(stage.RunLeat(load), Figure::kBytes); });
  }
  for (int round = 0; round < stage.settings().rounds; ++round) {
    const auto figures = TakeTurns(round, turns);
    if (!figures.ok()) return figures.status();
    maker.Add((*figures)[0],
              {{"the producer alone", (*figures)[1]}, {"the consumer alone", (*figures)[2]}});
  }
  return Rows{maker.Make()};
}

absl::StatusOr<Rows> ManyPartitions(const Stage& stage) {
  Series series({1, 10, 100, 1'000}, {.measure = "partitions",
                                      .title = "produce 64 KiB batches into partitions in turn",
                                      .unit = "bytes/s",
                                      .durability = "flushed",
                                      .aim = 0.8});
  return series.Run(stage.settings().rounds, [&](uint32_t count) {
    // Small enough for each of a thousand partitions to have its turn in the warm-up.
    return RateOf(stage.RunLeat({.partition_count = count, .records_per_batch = 64}),
                  Figure::kBytes);
  });
}

absl::StatusOr<Rows> ManyConsumers(const Stage& stage) {
  Series series({1, 100, 1'000}, {.measure = "consumers",
                                  .title = "consumers that each read one topic: all together",
                                  .unit = "bytes/s",
                                  .durability = "read",
                                  .aim = 0.8});
  return series.Run(stage.settings().rounds, [&](uint32_t count) {
    return RateOf(stage.RunLeat({.producers = 0,
                                 .consumers = count,
                                 // A message counts when all of it has come.
                                 .records_per_batch = 64,
                                 .fill_bytes = stage.settings().fill_bytes / 4}),
                  Figure::kBytes);
  });
}

// On a server of its own, whose memory nothing else has touched.
absl::StatusOr<Rows> IdleFollowers(const Stage& stage) {
  constexpr uint32_t kFollowers = 1'000;
  RowMaker maker({.measure = "followers/memory",
                  .title = absl::StrCat("memory of the server for each of ", kFollowers,
                                        " followers of an idle topic"),
                  .unit = "bytes",
                  .durability = "read",
                  .aim = 100 << 10},
                 Better::kLess);
  const absl::StatusOr<Stage> own = Stage::Make(stage.settings());
  if (!own.ok()) return own.status();
  const uint64_t before = UsageOf(own->server()).memory_bytes;
  // One record a second is next to nothing, and shows that all of them follow.
  const auto result = own->RunLeat({.consumers = kFollowers, .record_bytes = 8, .rate = 1});
  if (!result.ok()) return result.status();
  const uint64_t most = UsageOf(own->server()).memory_bytes_max;
  maker.Add(static_cast<double>(most - before) / kFollowers);
  return Rows{maker.Make()};
}

const std::vector<Measure>& AllMeasures() {
  static const auto& measures = *new std::vector<Measure>{{"produce", ProduceLargeBatches},
                                                          {"client", ProduceThroughClient},
                                                          {"unary", ProduceUnary},
                                                          {"stream", ProduceUnbatched},
                                                          {"replay", Replay},
                                                          {"one", OneAtATime},
                                                          {"half", HalfOfSaturation},
                                                          {"together", Together},
                                                          {"partitions", ManyPartitions},
                                                          {"consumers", ManyConsumers},
                                                          {"followers", IdleFollowers}};
  return measures;
}

}  // namespace leat::bench
