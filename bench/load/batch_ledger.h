// What a producer of prepared batches has sent and what was answered: which batch is next, which
// are in flight, whether each answer is right. Pure bookkeeping; under the lock of its owner.

#ifndef LEAT_BENCH_LOAD_BATCH_LEDGER_H_
#define LEAT_BENCH_LOAD_BATCH_LEDGER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "bench/load/load_settings.h"
#include "bench/load/meter.h"
#include "bench/load/offset_tiling.h"
#include "bench/load/schedule.h"
#include "leat/v1/log.pb.h"

namespace leat::bench {

// Whether answers of one partition come in the order of its requests.
enum class AnswerOrder { kAny, kAsSent };

class BatchLedger {
 public:
  BatchLedger(const LoadSettings& settings, MeasuredTime time, const Schedule& schedule,
              AnswerOrder order);

  struct Batch {
    uint32_t slot = 0;  // Names it until it is answered; less than the window.
    uint32_t partition = 0;
    Nanos intended = 0;  // When it was to be sent.
  };
  // What is to be sent now; nullopt when nothing is due, the window is full or all is sent.
  std::optional<Batch> Next();

  void Answer(uint32_t slot, const v1::ProduceResponse& response);
  // The first one is what the run ends with. Nothing more is sent.
  void Fail(absl::Status failure);
  // Nothing more is sent. Those that were due by now and were not sent are as late as they are.
  void Stop();

  // Nothing more will be sent.
  bool over() const { return stopped_ || sent_ >= settings_.batches_max; }
  uint32_t in_flight() const { return settings_.window - static_cast<uint32_t>(free_.size()); }
  const absl::Status& failure() const { return failure_; }
  const Meter& meter() const { return meter_; }
  const OffsetTiling& tiling() const { return tiling_; }

 private:
  absl::Status Check(const Batch& batch, const v1::ProduceResponse& response);

  const LoadSettings settings_;
  const Schedule schedule_;
  const AnswerOrder order_;
  std::vector<Batch> slots_;
  std::vector<bool> in_flight_;  // By slot.
  std::vector<uint32_t> free_;   // Slots that are not.
  uint64_t sent_ = 0;
  bool stopped_ = false;
  std::vector<int64_t> next_offsets_;  // The least that may come next; by partition.
  absl::Status failure_;
  Meter meter_;
  OffsetTiling tiling_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_BATCH_LEDGER_H_
