// Record sets and the headers of batches: built by clients, checked by the server. Arguments of a
// benchmark: records in the set, bytes of a value.

#include <benchmark/benchmark.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "bench/micro/sample_batch.h"
#include "storage/record/batch.h"
#include "storage/record/record_set.h"

namespace leat::bench {
namespace {

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({1, 100})->Args({1000, 100})->Args({1000, 1024});
}

void CountRecords(benchmark::State& state, size_t set_bytes) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(set_bytes));
}

void BM_BuildRecordSet(benchmark::State& state) {
  const std::string value(static_cast<size_t>(state.range(1)), 'v');
  size_t set_bytes = 0;
  for (auto _ : state) {
    const std::string set = SampleRecordSet(static_cast<uint32_t>(state.range(0)), value);
    set_bytes = set.size();
    benchmark::DoNotOptimize(set.data());
  }
  CountRecords(state, set_bytes);
}
BENCHMARK(BM_BuildRecordSet)->Apply(Sizes);

void BM_CheckRecordSet(benchmark::State& state) {
  const std::string set = SampleRecordSet(static_cast<uint32_t>(state.range(0)),
                                          std::string(static_cast<size_t>(state.range(1)), 'v'));
  for (auto _ : state) benchmark::DoNotOptimize(record::CheckRecordSet(set, {}));
  CountRecords(state, set.size());
}
BENCHMARK(BM_CheckRecordSet)->Apply(Sizes);

void BM_ForEachRecord(benchmark::State& state) {
  const std::string set = SampleRecordSet(static_cast<uint32_t>(state.range(0)),
                                          std::string(static_cast<size_t>(state.range(1)), 'v'));
  for (auto _ : state) {
    benchmark::DoNotOptimize(record::ForEachRecord(
        set, [](const record::RecordView& record, uint32_t) { return record.value.has_value(); }));
  }
  CountRecords(state, set.size());
}
BENCHMARK(BM_ForEachRecord)->Apply(Sizes);

void BM_EncodeBatchHeader(benchmark::State& state) {
  const record::BatchHeader header = SampleBatch(1000, 100, 0).header;
  std::array<char, record::BatchHeader::kEncodedBytes> bytes;
  for (auto _ : state) {
    record::EncodeBatchHeader(header, bytes.data());
    benchmark::DoNotOptimize(bytes);
  }
}
BENCHMARK(BM_EncodeBatchHeader);

void BM_DecodeBatchHeader(benchmark::State& state) {
  std::array<char, record::BatchHeader::kEncodedBytes> bytes;
  record::EncodeBatchHeader(SampleBatch(1000, 100, 0).header, bytes.data());
  for (auto _ : state) {
    benchmark::DoNotOptimize(record::DecodeBatchHeader({bytes.data(), bytes.size()}));
  }
}
BENCHMARK(BM_DecodeBatchHeader);

void BM_Crc32c(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'v');
  for (auto _ : state) benchmark::DoNotOptimize(record::Crc32c(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Crc32c)->Arg(100)->Arg(4 << 10)->Arg(1 << 20);

}  // namespace
}  // namespace leat::bench
