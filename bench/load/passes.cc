#include "bench/load/passes.h"

#include "bench/load/batch_maker.h"
#include "bench/load/load_consumer.h"
#include "bench/load/load_producer.h"

namespace leat::bench {

absl::StatusOr<std::vector<int64_t>> WriteBatches(const LoadSettings& settings) {
  const auto producer = MakeBatchProducer(settings, {}, Schedule(0, 0));
  producer->Start();
  absl::Status status = producer->Await();
  std::vector<int64_t> records;
  for (uint32_t i = 0; status.ok() && i < settings.partition_count; ++i) {
    records.push_back(static_cast<int64_t>(producer->tiling().records(i)));
    status = producer->tiling().Check(i, 0, records.back());
  }
  if (!status.ok()) return status;
  return records;
}

absl::Status ReadBatches(const LoadSettings& settings, const std::vector<int64_t>& records) {
  ReadPlan plan{.mode = ReadPlan::Mode::kOnce,
                .from = std::vector<int64_t>(records.size()),
                .to = records,
                .value_bytes = settings.record_bytes};
  if (settings.via != Via::kClient) plan.payload_crc32c = BatchMaker(settings).payload_crc32c();
  const auto consumer = MakeBatchConsumer(settings, {}, plan);
  consumer->Start();
  return consumer->Await(records);
}

}  // namespace leat::bench
