// One consumer of a run: reads every partition of the topic, checks that it gets each record once
// and in order and that each checksum is right, and tells how late each batch comes. Made, started
// and awaited by one thread; what it counts may be read by any.

#ifndef LEAT_BENCH_LOAD_LOAD_CONSUMER_H_
#define LEAT_BENCH_LOAD_LOAD_CONSUMER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bench/load/load_settings.h"
#include "bench/load/meter.h"

namespace leat::bench {

// What is to be read.
struct ReadPlan {
  enum class Mode {
    kOnce,    // [from, to) of each partition.
    kRepeat,  // The same again and again, until `Stop`.
    kFollow,  // From `from` on, until it gets to where `Await` says.
  };

  Mode mode = Mode::kOnce;
  std::vector<int64_t> from;  // By partition.
  std::vector<int64_t> to;
  // Of every batch, and the values in it in turn, where they are known.
  std::optional<uint32_t> payload_crc32c = std::nullopt;
  std::shared_ptr<const std::vector<std::string>> values = nullptr;
  // Of every record's value; 0 where it is not known, so that whole batches count no bytes.
  uint32_t value_bytes = 0;
  // Where in a batch's payload the moment stands at which its first record was to be sent.
  std::optional<size_t> stamp_position = std::nullopt;
};

class LoadConsumer {
 public:
  virtual ~LoadConsumer() = default;

  virtual void Start() = 0;
  // Reads no more. Returns at once.
  virtual void Stop() = 0;
  // Blocks until it has ended, or, when it follows, until it has come so far. UNAVAILABLE when it
  // gets nothing for 30 seconds, DATA_LOSS when something is wrong or missing.
  virtual absl::Status Await(const std::vector<int64_t>& to) = 0;

  // Latencies are those from end to end, one for each batch.
  virtual const Meter& meter() const = 0;
};

// Whole batches from a Read call of its own: as cheap as gRPC allows.
std::unique_ptr<LoadConsumer> MakeBatchConsumer(const LoadSettings& settings, MeasuredTime time,
                                                ReadPlan plan);

// Record by record through a `client::Reader` of its own; one latency for each record.
std::unique_ptr<LoadConsumer> MakeClientConsumer(const LoadSettings& settings, MeasuredTime time,
                                                 ReadPlan plan);

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_LOAD_CONSUMER_H_
