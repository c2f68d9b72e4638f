// One producer of a run. Made, started, stopped and awaited by the thread that runs it; what it
// counts may be read by any.

#ifndef LEAT_BENCH_LOAD_LOAD_PRODUCER_H_
#define LEAT_BENCH_LOAD_LOAD_PRODUCER_H_

#include <memory>

#include "absl/status/status.h"
#include "bench/load/load_settings.h"
#include "bench/load/meter.h"
#include "bench/load/offset_tiling.h"
#include "bench/load/schedule.h"

namespace leat::bench {

class LoadProducer {
 public:
  virtual ~LoadProducer() = default;

  virtual void Start() = 0;
  // Begins nothing more. Returns at once.
  virtual void Stop() = 0;
  // Blocks until it has ended: after `Stop`, after `batches_max` or for an error, and when every
  // answer is there. UNAVAILABLE when answers do not come in 30 seconds after `Stop`, DATA_LOSS
  // when one is wrong.
  virtual absl::Status Await() = 0;

  // Latencies are those of answers; after `Await`, missed is what was due and never sent.
  virtual const Meter& meter() const = 0;
  // What was acknowledged. After `Await`.
  virtual const OffsetTiling& tiling() const = 0;
};

// Prepared batches on a stream of its own, or as unary calls: as cheap as gRPC allows. `settings`
// has `via` kStream or kUnary.
std::unique_ptr<LoadProducer> MakeBatchProducer(const LoadSettings& settings, MeasuredTime time,
                                                Schedule schedule);

// Through a `client::Producer` of its own. `schedule` is that of records.
std::unique_ptr<LoadProducer> MakeClientProducer(const LoadSettings& settings, MeasuredTime time,
                                                 Schedule schedule);

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_LOAD_PRODUCER_H_
