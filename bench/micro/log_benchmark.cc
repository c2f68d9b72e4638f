// What the log does with batches in memory: frames and the index of a segment.

#include <benchmark/benchmark.h>

#include <memory>
#include <string_view>
#include <vector>

#include "bench/micro/sample_batch.h"
#include "storage/log/frame.h"
#include "storage/log/index.h"

namespace leat::bench {
namespace {

// Batches of 1,000 records with a value of so many bytes, dense from offset 0.
std::vector<record::Batch> SampleBatches(int64_t count, int64_t record_bytes) {
  std::vector<record::Batch> batches;
  for (int64_t i = 0; i < count; ++i) {
    batches.push_back(SampleBatch(1000, static_cast<size_t>(record_bytes), 1000 * i));
  }
  return batches;
}

// Arguments: batches in the frame, bytes of a value.
void BM_BuildFrame(benchmark::State& state) {
  const std::vector<record::Batch> batches = SampleBatches(state.range(0), state.range(1));
  int64_t frame_bytes = 0;
  for (auto _ : state) {
    const log::BuiltFrame frame = log::BuildFrame({}, batches);
    frame_bytes = static_cast<int64_t>(frame.bytes->size());
    benchmark::DoNotOptimize(frame.bytes->data());
  }
  state.SetBytesProcessed(state.iterations() * frame_bytes);
}
BENCHMARK(BM_BuildFrame)->Args({1, 100})->Args({4, 1024});

void BM_ParseFrame(benchmark::State& state) {
  const log::BuiltFrame frame = log::BuildFrame({}, SampleBatches(state.range(0), state.range(1)));
  const std::string_view bytes(frame.bytes->data(), frame.bytes->size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(log::ParseFrame(bytes, frame.bytes, log::PayloadCheck::kVerify));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(BM_ParseFrame)->Args({1, 100})->Args({4, 1024});

// The index of a segment of 1 GiB, an entry every 64 KiB, each 64 records.
log::SegmentIndex SampleIndex() {
  constexpr int64_t kEntries = (1 << 30) / log::kIndexIntervalBytes;
  log::SegmentIndex index;
  for (int64_t i = 0; i < kEntries; ++i) {
    const auto position = static_cast<uint64_t>(i) * log::kIndexIntervalBytes;
    index.AddFrame({64 * i}, {position}, 1000 * i);
  }
  return index;
}

void BM_IndexFindOffset(benchmark::State& state) {
  const log::SegmentIndex index = SampleIndex();
  const auto end = static_cast<uint64_t>(64 * index.entries().size());
  // Steps that visit places far apart, as readers of their own do.
  uint64_t offset = 0;
  for (auto _ : state) {
    offset = (offset + 611'953) % end;
    benchmark::DoNotOptimize(index.FindOffset({static_cast<int64_t>(offset)}));
  }
}
BENCHMARK(BM_IndexFindOffset);

void BM_IndexFindTimestamp(benchmark::State& state) {
  const log::SegmentIndex index = SampleIndex();
  const auto end = static_cast<uint64_t>(index.max_timestamp_ms());
  uint64_t timestamp = 0;
  for (auto _ : state) {
    timestamp = (timestamp + 9'611'953) % end;
    benchmark::DoNotOptimize(index.FindTimestamp(static_cast<int64_t>(timestamp)));
  }
}
BENCHMARK(BM_IndexFindTimestamp);

}  // namespace
}  // namespace leat::bench
