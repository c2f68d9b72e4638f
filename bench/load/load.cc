#include "bench/load/load.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/load/batch_maker.h"
#include "bench/load/load_consumer.h"
#include "bench/load/load_producer.h"
#include "bench/load/load_topic.h"
#include "bench/load/pacer.h"
#include "bench/load/passes.h"
#include "bench/process_usage.h"

namespace leat::bench {
namespace {

constexpr Nanos kSecond = 1'000'000'000;
constexpr Nanos kLook = 50'000'000;  // How soon an interruption is noticed.

absl::Status CheckSettings(const LoadSettings& settings) {
  if (settings.producers == 0 && settings.consumers == 0) {
    return absl::InvalidArgumentError("neither producers nor consumers: give one of each");
  }
  if (settings.records_per_batch == 0 || settings.window == 0 || settings.partition_count == 0) {
    return absl::InvalidArgumentError(
        "records in a batch, batches in flight and partitions must be at least 1");
  }
  if (settings.producers > 0 && settings.consumers > 0 && settings.record_bytes < kStampBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("records that tell when they were sent have at least ", kStampBytes,
                     " bytes: give larger ones"));
  }
  return absl::OkStatus();
}

class Run {
 public:
  Run(const LoadSettings& settings, const LoadWatcher& watcher)
      : settings_(settings), watcher_(watcher) {}

  absl::StatusOr<LoadResult> Execute() {
    if (absl::Status status = CheckSettings(settings_); !status.ok()) return status;
    absl::StatusOr<LoadTopic::Bounds> before = Prepare();
    if (!before.ok()) return before.status();
    begin_ = SteadyNow();
    if (settings_.producers == 0) {
      if (before->from == before->to && settings_.checks == Checks::kOn) {
        return absl::FailedPreconditionError(
            "there is nothing to read: name a topic that has records, or none");
      }
      MakeConsumers(Repeated(*before));
    } else {
      MakeProducers();
      MakeConsumers({.mode = ReadPlan::Mode::kFollow,
                     .from = before->to,
                     .to = before->to,
                     .value_bytes = settings_.record_bytes,
                     .stamp_position = StampPosition()});
    }
    Measure();
    if (absl::Status status = Finish(*before); !status.ok()) return status;
    return result_;
  }

 private:
  absl::StatusOr<LoadTopic::Bounds> Prepare() {
    if (settings_.checks == Checks::kOff) {
      const std::vector<int64_t> zeros(settings_.partition_count);
      return LoadTopic::Bounds{zeros, zeros};
    }
    absl::StatusOr<LoadTopic> topic = LoadTopic::Open(settings_);
    if (!topic.ok()) return topic.status();
    topic_.emplace(*std::move(topic));
    settings_.topic = topic_->name();
    settings_.partition_count = topic_->partition_count();
    if (settings_.fill_bytes > 0) {
      if (const auto filled = WriteBatches(FillSettings()); !filled.ok()) return filled.status();
    }
    return topic_->Find();
  }

  LoadSettings FillSettings() const {
    LoadSettings settings = settings_;
    settings.via = Via::kStream;
    settings.consumers = 0;
    const uint64_t batch_bytes = uint64_t{settings.record_bytes} * settings.records_per_batch;
    settings.batches_max = (settings.fill_bytes + batch_bytes - 1) / batch_bytes;
    return settings;
  }

  ReadPlan Repeated(const LoadTopic::Bounds& bounds) const {
    ReadPlan plan{.mode = ReadPlan::Mode::kRepeat, .from = bounds.from, .to = bounds.to};
    const bool filled = settings_.fill_bytes > 0;
    if (filled || settings_.checks == Checks::kOff) plan.value_bytes = settings_.record_bytes;
    if (filled && settings_.via == Via::kClient) {
      plan.values = std::make_shared<const std::vector<std::string>>(ValuesOfBatch(settings_));
    }
    if (filled && settings_.via != Via::kClient) {
      plan.payload_crc32c = BatchMaker(FillSettings()).payload_crc32c();
    }
    return plan;
  }

  std::optional<size_t> StampPosition() const {
    const auto key =
        settings_.key_count > 0 ? std::optional<size_t>(MakeKey(0).size()) : std::nullopt;
    return ValuePosition(key, settings_.record_bytes);
  }

  MeasuredTime Time() const {
    const Nanos from = begin_ + absl::ToInt64Nanoseconds(settings_.warm_up);
    return {from, from + absl::ToInt64Nanoseconds(settings_.duration)};
  }

  void MakeProducers() {
    const double each = settings_.rate / settings_.producers;
    for (uint32_t i = 0; i < settings_.producers; ++i) {
      if (settings_.via == Via::kClient) {
        producers_.push_back(MakeClientProducer(settings_, Time(), Schedule(begin_, each)));
      } else {
        producers_.push_back(MakeBatchProducer(
            settings_, Time(), Schedule(begin_, each / settings_.records_per_batch)));
      }
    }
  }

  void MakeConsumers(const ReadPlan& plan) {
    for (uint32_t i = 0; i < settings_.consumers; ++i) {
      const auto make = settings_.via == Via::kClient ? MakeClientConsumer : MakeBatchConsumer;
      consumers_.push_back(make(settings_, Time(), plan));
    }
  }

  Tally Sum(const auto& parts, Tally (Meter::*of)() const) const {
    Tally sum;
    for (const auto& part : parts) sum += (part->meter().*of)();
    return sum;
  }

  // Sleeps, telling each second; false when interrupted.
  bool SleepAndTell(Nanos until) {
    for (Nanos now = SteadyNow(); now < until; now = SteadyNow()) {
      if (watcher_.interrupted()) return false;
      SleepUntil(std::min({until, now + kLook, told_ + kSecond}));
      now = SteadyNow();
      if (now < told_ + kSecond) continue;
      const double seconds = static_cast<double>(now - std::exchange(told_, now)) / kSecond;
      const auto rate = [seconds](const Tally& total, Tally& told) {
        const Tally old = std::exchange(told, total);
        const auto records = static_cast<double>(total.records - old.records) / seconds;
        const auto bytes = static_cast<double>(total.bytes - old.bytes) / seconds;
        return Tally{static_cast<uint64_t>(records), static_cast<uint64_t>(bytes)};
      };
      watcher_.on_second({.elapsed = absl::Nanoseconds(now - begin_),
                          .warming_up = now < Time().from,
                          .produced = rate(Sum(producers_, &Meter::total), told_produced_),
                          .consumed = rate(Sum(consumers_, &Meter::total), told_consumed_)});
    }
    return true;
  }

  void Measure() {
    const auto usage = [this] {
      return std::pair(UsageOf(getpid()).processor_time,
                       settings_.server_process == 0
                           ? absl::ZeroDuration()
                           : UsageOf(settings_.server_process).processor_time);
    };
    told_ = begin_;
    for (const auto& consumer : consumers_) consumer->Start();
    for (const auto& producer : producers_) producer->Start();
    result_.interrupted = !SleepAndTell(Time().from);
    const auto before = usage();
    result_.interrupted = result_.interrupted || !SleepAndTell(Time().until);
    const auto after = usage();
    const Nanos end = std::min(SteadyNow(), Time().until);
    for (const auto& producer : producers_) producer->Stop();
    result_.elapsed = absl::Nanoseconds(std::max<Nanos>(0, end - Time().from));
    result_.client_processor_time = after.first - before.first;
    result_.server_processor_time = after.second - before.second;
  }

  absl::Status Finish(const LoadTopic::Bounds& before) {
    absl::Status status;
    OffsetTiling sent(settings_.partition_count);
    for (const auto& producer : producers_) {
      status.Update(producer->Await());
      sent.Merge(producer->tiling());
      result_.answer_latency.Merge(producer->meter().latency());
      AddMissed(producer->meter().missed());
    }
    absl::StatusOr<LoadTopic::Bounds> after = before;
    if (topic_.has_value() && status.ok()) after = topic_->Find();
    status.Update(after.status());
    // Who follows goes on to the last record; all others are done.
    const bool follow = status.ok() && topic_.has_value() && !producers_.empty();
    for (const auto& consumer : consumers_) {
      if (!follow) consumer->Stop();
    }
    for (const auto& consumer : consumers_) {
      status.Update(consumer->Await(follow ? after->to : before.to));
      result_.end_to_end_latency.Merge(consumer->meter().latency());
    }
    if (status.ok() && follow) status = CheckSent(sent, before, *after);
    result_.produced = Sum(producers_, &Meter::measured);
    result_.consumed = Sum(consumers_, &Meter::measured);
    result_.records_sent = Sum(producers_, &Meter::total).records;
    result_.records_read += Sum(consumers_, &Meter::total).records;
    return status;
  }

  // Nobody was answered, and no consumer got it: to all of them it is as late as it is.
  void AddMissed(const Histogram& missed) {
    const uint32_t records_each = settings_.via == Via::kClient ? 1 : settings_.records_per_batch;
    result_.records_missed += missed.count() * records_each;
    result_.answer_latency.Merge(missed);
    for (uint32_t i = 0; i < settings_.consumers; ++i) result_.end_to_end_latency.Merge(missed);
  }

  absl::Status CheckSent(const OffsetTiling& sent, const LoadTopic::Bounds& before,
                         const LoadTopic::Bounds& after) {
    for (uint32_t i = 0; i < settings_.partition_count; ++i) {
      absl::Status status = sent.Check(i, before.to[i], after.to[i]);
      if (!status.ok()) return status;
    }
    if (!consumers_.empty() || result_.interrupted) return absl::OkStatus();
    ReadPlan plan{.mode = ReadPlan::Mode::kOnce,
                  .from = before.to,
                  .to = after.to,
                  .value_bytes = settings_.record_bytes};
    if (settings_.via != Via::kClient) plan.payload_crc32c = BatchMaker(settings_).payload_crc32c();
    return ReadBack(plan);
  }

  absl::Status ReadBack(const ReadPlan& plan) {
    const auto reader = MakeBatchConsumer(settings_, {}, plan);
    reader->Start();
    std::atomic<bool> done = false;
    std::thread watch([&] {
      while (!done && !watcher_.interrupted()) SleepUntil(SteadyNow() + kLook);
      if (!done) reader->Stop();
    });
    absl::Status status = reader->Await(plan.to);
    done = true;
    watch.join();
    result_.interrupted = watcher_.interrupted();
    result_.records_read += reader->meter().total().records;
    return status;
  }

  LoadSettings settings_;
  const LoadWatcher& watcher_;
  std::optional<LoadTopic> topic_;
  Nanos begin_ = 0;
  std::vector<std::unique_ptr<LoadProducer>> producers_;
  std::vector<std::unique_ptr<LoadConsumer>> consumers_;
  Nanos told_ = 0;
  Tally told_produced_;
  Tally told_consumed_;
  LoadResult result_;
};

}  // namespace

absl::StatusOr<LoadResult> RunLoad(const LoadSettings& settings, const LoadWatcher& watcher) {
  return Run(settings, watcher).Execute();
}

}  // namespace leat::bench
