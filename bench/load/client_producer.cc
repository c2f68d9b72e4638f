#include <atomic>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bench/load/batch_maker.h"
#include "bench/load/load_producer.h"
#include "bench/load/pacer.h"
#include "client/client.h"
#include "client/producer.h"

namespace leat::bench {
namespace {

client::ProducerOptions OptionsOf(const LoadSettings& settings) {
  const size_t batch_bytes = size_t{settings.record_bytes} * settings.records_per_batch;
  return {.batch_bytes = batch_bytes,
          .durability = settings.durability == v1::DURABILITY_SYNCED ? client::Durability::kSynced
                                                                     : client::Durability::kWritten,
          .buffer_bytes = 2 * batch_bytes * settings.window};
}

class ClientProducer : public LoadProducer {
 public:
  ClientProducer(const LoadSettings& settings, MeasuredTime time, const Schedule& schedule)
      : settings_(settings),
        schedule_(schedule),
        records_max_(settings.batches_max == UINT64_MAX
                         ? UINT64_MAX
                         : settings.batches_max * settings.records_per_batch),
        value_(MakeValue(settings.record_bytes, 0)),
        meter_(time),
        tiling_(settings.partition_count),
        slots_(settings.window),
        producer_(client::Client::Connect({.target = settings.address}), OptionsOf(settings)) {}

  ~ClientProducer() override {
    Stop();
    if (thread_.joinable()) thread_.join();
  }

  void Start() override {
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() override {
    stopping_ = true;
    slots_.release();
  }

  absl::Status Await() override {
    thread_.join();
    absl::Status flushed = producer_.Flush(absl::Seconds(30));
    absl::MutexLock lock(&mutex_);
    failure_.Update(std::move(flushed));
    return failure_;
  }

  const Meter& meter() const override { return meter_; }
  const OffsetTiling& tiling() const override { return tiling_; }

 private:
  void Run() {
    ExactSleeps();
    uint64_t sent = 0;
    for (; sent < records_max_; ++sent) {
      const Nanos intended = AwaitTurn(sent);
      if (stopping_) break;
      if (absl::Status taken = Send(sent, intended); !taken.ok()) return Fail(std::move(taken));
    }
    if (!schedule_.open()) return;
    const Nanos now = SteadyNow();
    for (const uint64_t due = schedule_.CountDue(now); sent < due; ++sent) {
      meter_.Miss(schedule_.At(sent, now), now);
    }
  }

  // Until the record is to be sent; when that was. In a closed loop that is once there is room for
  // its batch in the window: it does not wait in the client's buffer.
  Nanos AwaitTurn(uint64_t index) {
    if (!schedule_.open() && index % settings_.records_per_batch == 0) slots_.acquire();
    const Nanos now = SteadyNow();
    const Nanos intended = schedule_.At(index, now);
    if (intended > now) SleepUntil(intended);
    return intended;
  }

  absl::Status Send(uint64_t index, Nanos intended) {
    if (value_.size() >= kStampBytes) WriteStamp(intended, value_.data());
    client::OutgoingRecord record = {.value = value_};
    std::string key;
    if (settings_.key_count > 0) {
      key = MakeKey(index % settings_.key_count);
      record.key = key;
    }
    return producer_.Send(
        settings_.topic, record,
        [this, intended](const client::SendResult& result) { OnResult(intended, result); });
  }

  // On the producer's thread.
  void OnResult(Nanos intended, const client::SendResult& result) {
    if (!result.status.ok()) return Fail(result.status);
    const Nanos now = SteadyNow();
    meter_.Count(now, {1, settings_.record_bytes});
    meter_.Time(intended, now);
    tiling_.Add(result.partition, result.offset, 1);
    if (++answered_ % settings_.records_per_batch == 0) slots_.release();
  }

  void Fail(absl::Status failure) {
    {
      absl::MutexLock lock(&mutex_);
      failure_.Update(std::move(failure));
    }
    Stop();
  }

  const LoadSettings settings_;
  const Schedule schedule_;
  const uint64_t records_max_;
  std::string value_;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  Meter meter_;
  OffsetTiling tiling_;
  uint64_t answered_ = 0;            // The producer's thread's.
  std::counting_semaphore<> slots_;  // Batches that a closed loop may begin.
  std::thread thread_;
  // The last member: it calls back until it is gone.
  client::Producer producer_;
};

}  // namespace

std::unique_ptr<LoadProducer> MakeClientProducer(const LoadSettings& settings, MeasuredTime time,
                                                 Schedule schedule) {
  return std::make_unique<ClientProducer>(settings, time, schedule);
}

}  // namespace leat::bench
