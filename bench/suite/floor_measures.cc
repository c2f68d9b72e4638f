#include <cstdint>
#include <string>
#include <utility>

#include "bench/suite/measures.h"
#include "bench/suite/row_maker.h"

namespace leat::bench {
namespace {

constexpr char kNull[] = "null server";
constexpr char kDiskWrite[] = "raw disk, flushed writes";
constexpr char kDiskRead[] = "raw disk, reads";

enum class Figure { kRecords, kBytes };
enum class Disk { kNone, kWrite };

double RateOf(const LoadResult& result, Figure figure) {
  const Tally& tally = result.produced.records > 0 ? result.produced : result.consumed;
  const uint64_t amount = figure == Figure::kRecords ? tally.records : tally.bytes;
  return static_cast<double>(amount) / absl::ToDoubleSeconds(result.elapsed);
}

// Produces into Leat and a null server in turn; with `disk` the bare disk has a turn too.
absl::StatusOr<Rows> ProduceRounds(const Stage& stage, const LoadSettings& load, Figure figure,
                                   Disk disk, SuiteRow row) {
  row.unit = figure == Figure::kRecords ? "records/s" : "bytes/s";
  row.durability = "flushed";
  RowMaker maker(std::move(row), Better::kMore);
  for (int round = 0; round < stage.settings().rounds; ++round) {
    const auto leat = stage.RunLeat(load);
    if (!leat.ok()) return leat.status();
    const auto null = stage.RunNull(load);
    if (!null.ok()) return null.status();
    std::vector<RowMaker::Floor> floors = {{kNull, RateOf(*null, figure)}};
    if (disk == Disk::kWrite) {
      const absl::StatusOr<double> raw = stage.WriteDisk();
      if (!raw.ok()) return raw.status();
      floors.push_back({kDiskWrite, figure == Figure::kRecords ? *raw / load.record_bytes : *raw});
    }
    maker.Add(RateOf(*leat, figure), std::move(floors));
  }
  return Rows{maker.Make()};
}

double MedianSeconds(const Histogram& latency) {
  return static_cast<double>(latency.ValueAt(50)) / 1e9;
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
                  .aim = 0.7};
  RowMaker to_null(row, Better::kMore);
  row.measure = "replay_1k/disk";
  RowMaker to_disk(row, Better::kMore);
  for (int round = 0; round < stage.settings().rounds; ++round) {
    const auto leat = stage.RunLeat(load);
    if (!leat.ok()) return leat.status();
    const auto null = stage.RunNull(load);
    if (!null.ok()) return null.status();
    const absl::StatusOr<double> raw = stage.ReadDisk();
    if (!raw.ok()) return raw.status();
    const double rate = RateOf(*leat, Figure::kBytes);
    to_null.Add(rate, {{"null source", RateOf(*null, Figure::kBytes)}});
    to_disk.Add(rate, {{kDiskRead, *raw}});
  }
  return Rows{to_null.Make(), to_disk.Make()};
}

absl::StatusOr<Rows> OneAtATime(const Stage& stage) {
  LoadSettings load = {.consumers = 1, .records_per_batch = 1, .window = 1};
  RowMaker maker({.measure = "e2e_1k/one",
                  .title = "end to end, one 1 KiB record at a time, p50",
                  .unit = "s",
                  .durability = "flushed",
                  .aim = 1.6},
                 Better::kLess);
  for (int round = 0; round < stage.settings().rounds; ++round) {
    load.consumers = 1;
    const auto leat = stage.RunLeat(load);
    if (!leat.ok()) return leat.status();
    load.consumers = 0;
    const auto null = stage.RunNull(load);
    if (!null.ok()) return null.status();
    const absl::StatusOr<double> flush = stage.FlushBlock();
    if (!flush.ok()) return flush.status();
    maker.Add(
        MedianSeconds(leat->end_to_end_latency),
        {{"4 KiB flushed write + null round trip", *flush + MedianSeconds(null->answer_latency)}});
  }
  return Rows{maker.Make()};
}

}  // namespace leat::bench
