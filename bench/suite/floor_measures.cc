#include <cstdint>
#include <utility>
#include <vector>

#include "bench/suite/measures.h"
#include "bench/suite/row_maker.h"
#include "bench/suite/turns.h"

namespace leat::bench {
namespace {

constexpr char kNull[] = "null server";
constexpr char kDiskWrite[] = "raw disk, flushed writes";
constexpr char kDiskRead[] = "raw disk, reads";

enum class Disk { kNone, kWrite };

// Produces into Leat and a null server in turn; with `disk` the bare disk has a turn too.
absl::StatusOr<Rows> ProduceRounds(const Stage& stage, const LoadSettings& load, Figure figure,
                                   Disk disk, SuiteRow row) {
  row.unit = figure == Figure::kRecords ? "records/s" : "bytes/s";
  row.durability = "flushed";
  row.bounded = true;
  RowMaker maker(std::move(row), Better::kMore);
  std::vector<Turn> turns = {[&] { return RateOf(stage.RunLeat(load), figure); },
                             [&] { return RateOf(stage.RunNull(load), figure); }};
  if (disk == Disk::kWrite) turns.push_back([&] { return stage.WriteDisk(); });
  for (int round = 0; round < stage.settings().rounds; ++round) {
    const auto figures = TakeTurns(round, turns);
    if (!figures.ok()) return figures.status();
    std::vector<RowMaker::Floor> floors = {{kNull, (*figures)[1]}};
    if (disk == Disk::kWrite) {
      const uint32_t bytes_each = figure == Figure::kRecords ? load.record_bytes : 1;
      floors.push_back({kDiskWrite, (*figures)[2] / bytes_each});
    }
    maker.Add((*figures)[0], std::move(floors));
  }
  return Rows{maker.Make()};
}

}  // namespace

absl::StatusOr<Rows> ProduceLargeBatches(const Stage& stage) {
  return ProduceRounds(stage, {.records_per_batch = 1024, .window = 16}, Figure::kBytes,
                       Disk::kWrite,
                       {.measure = "produce_1k",
                        .title = "produce 1 KiB records in 1 MiB batches, 16 in flight",
                        .aim = 0.65});
}

absl::StatusOr<Rows> ProduceThroughClient(const Stage& stage) {
  return ProduceRounds(
      stage,
      {.record_bytes = 100,
       .records_per_batch = (1 << 20) / 100,
       .window = 16,
       .via = Via::kClient},
      Figure::kRecords, Disk::kWrite,
      {.measure = "produce_100", .title = "produce 100 B records through the batching client"});
}

absl::StatusOr<Rows> ProduceUnary(const Stage& stage) {
  return ProduceRounds(
      stage, {.record_bytes = 100, .records_per_batch = 1, .window = 64, .via = Via::kUnary},
      Figure::kRecords, Disk::kNone,
      {.measure = "unary_100", .title = "unary Produce of 100 B, 64 in flight", .aim = 0.5});
}

absl::StatusOr<Rows> ProduceUnbatched(const Stage& stage) {
  return ProduceRounds(stage, {.record_bytes = 200, .records_per_batch = 1, .window = 1024},
                       Figure::kRecords, Disk::kNone,
                       {.measure = "stream_200",
                        .title = "ProduceStream of 200 B messages, one record each, one stream",
                        .aim = 0.6});
}

// Leat reads past the page cache, so that one run is held against both floors.
absl::StatusOr<Rows> Replay(const Stage& stage) {
  const LoadSettings load = {.producers = 0,
                             .consumers = 1,
                             .records_per_batch = 1024,
                             .fill_bytes = stage.settings().fill_bytes};
  SuiteRow row = {.measure = "replay_1k/null",
                  .title = "replay of 1 KiB records in 1 MiB batches, one consumer",
                  .unit = "bytes/s",
                  .durability = "read",
                  .bounded = true,
                  .aim = 0.7};
  RowMaker to_null(row, Better::kMore);
  row.measure = "replay_1k/disk";
  RowMaker to_disk(row, Better::kMore);
  const std::vector<Turn> turns = {[&] { return RateOf(stage.RunLeat(load), Figure::kBytes); },
                                   [&] { return RateOf(stage.RunNull(load), Figure::kBytes); },
                                   [&] { return stage.ReadDisk(); }};
  for (int round = 0; round < stage.settings().rounds; ++round) {
    const auto figures = TakeTurns(round, turns);
    if (!figures.ok()) return figures.status();
    to_null.Add((*figures)[0], {{"null source", (*figures)[1]}});
    to_disk.Add((*figures)[0], {{kDiskRead, (*figures)[2]}});
  }
  return Rows{to_null.Make(), to_disk.Make()};
}

absl::StatusOr<Rows> OneAtATime(const Stage& stage) {
  const LoadSettings alone = {.records_per_batch = 1, .window = 1};
  LoadSettings consumed = alone;
  consumed.consumers = 1;
  RowMaker maker({.measure = "e2e_1k/one",
                  .title = "end to end, one 1 KiB record at a time, p50",
                  .unit = "s",
                  .durability = "flushed",
                  .bounded = true,
                  .aim = 1.6},
                 Better::kLess);
  const auto median = [](const auto& result, Histogram LoadResult::*latency) {
    return result.ok() ? SecondsAt((*result).*latency, 50) : result.status();
  };
  const std::vector<Turn> turns = {
      [&] { return median(stage.RunLeat(consumed), &LoadResult::end_to_end_latency); },
      [&] { return median(stage.RunNull(alone), &LoadResult::answer_latency); },
      [&] { return stage.FlushBlock(); }};
  for (int round = 0; round < stage.settings().rounds; ++round) {
    const auto figures = TakeTurns(round, turns);
    if (!figures.ok()) return figures.status();
    maker.Add((*figures)[0],
              {{"4 KiB flushed write + null round trip", (*figures)[1] + (*figures)[2]}});
  }
  return Rows{maker.Make()};
}

}  // namespace leat::bench
