// A producer that is as cheap as gRPC allows: it sends the same prepared batch again and again on
// one ProduceStream, to one partition or to several in turn, keeps a window of requests in flight,
// and checks every answer.

#ifndef LEAT_BENCH_STREAM_LOAD_H_
#define LEAT_BENCH_STREAM_LOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leat::bench {

struct StreamLoadOptions {
  std::string address;
  std::string topic;
  uint32_t partition_count = 1;  // Requests go to partitions 0, 1, ... in turn.
  uint32_t record_bytes = 1024;  // Size of a record's value.
  uint32_t records_per_batch = 1000;
  uint32_t window = 16;  // Requests in flight.
  absl::Duration warm_up = absl::Seconds(2);
  absl::Duration duration = absl::Seconds(5);
  uint64_t max_requests = UINT64_MAX;  // Ends earlier than that, having sent so many.
};

struct StreamLoadResult {
  uint64_t requests = 0;                       // Answered while measuring.
  uint64_t records_total = 0;                  // Answered, warm-up included.
  uint64_t batch_bytes = 0;                    // Serialized record set of one request.
  std::vector<uint64_t> records_by_partition;  // Sums up to `records_total`.
  absl::Duration elapsed;
  double bytes_per_second() const;
};

// Runs for `warm_up + duration`, then waits for the answers still due. An error names the first
// answer that was wrong.
absl::StatusOr<StreamLoadResult> RunStreamLoad(const StreamLoadOptions& options);

}  // namespace leat::bench

#endif  // LEAT_BENCH_STREAM_LOAD_H_
