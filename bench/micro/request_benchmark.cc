// What the server does with a produce request before it appends: takes it apart, and copies the
// records out of gRPC's memory.

#include <benchmark/benchmark.h>

#include <string>

#include "absl/strings/cord.h"
#include "bench/micro/sample_batch.h"
#include "leat/v1/log.pb.h"
#include "server/rpc/owned_payload.h"
#include "server/rpc/produce_request.h"

namespace leat::bench {
namespace {

// In slices as gRPC reads them from a socket.
absl::Cord InSlices(const std::string& bytes) {
  constexpr size_t kSliceBytes = 256 << 10;
  absl::Cord cord;
  for (size_t i = 0; i < bytes.size(); i += kSliceBytes) {
    std::string slice = bytes.substr(i, kSliceBytes);
    slice.reserve(kSliceBytes);
    cord.Append(absl::Cord(std::move(slice)));
  }
  return cord;
}

// Argument: records of 1 KiB.
void BM_ParseProduceRequest(benchmark::State& state) {
  v1::ProduceRequest request;
  request.set_topic("topic");
  request.set_partition(3);
  request.set_durability(v1::DURABILITY_SYNCED);
  request.set_payload_crc32c(1);
  std::string message = request.SerializeAsString();
  v1::ProduceRequest records;
  if (!records.mutable_records()->ParseFromString(
          SampleRecordSet(static_cast<uint32_t>(state.range(0)), std::string(1024, 'v')))) {
    state.SkipWithError("a sample that does not parse");
    return;
  }
  message += records.SerializeAsString();
  const absl::Cord cord = InSlices(message);
  for (auto _ : state) {
    const absl::StatusOr<rpc::ProduceRequest> parsed = rpc::ParseProduceRequest(cord);
    if (!parsed.ok()) state.SkipWithError("a request that is refused");
    benchmark::DoNotOptimize(parsed);
  }
}
BENCHMARK(BM_ParseProduceRequest)->Arg(1)->Arg(1000);

// Argument: bytes of the payload.
void BM_CopyPayload(benchmark::State& state) {
  const absl::Cord cord = InSlices(std::string(static_cast<size_t>(state.range(0)), 'v'));
  for (auto _ : state) benchmark::DoNotOptimize(rpc::CopyPayload(cord));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_CopyPayload)->Arg(100)->Arg(1 << 20);

}  // namespace
}  // namespace leat::bench
