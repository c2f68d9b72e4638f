#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bench/load/batch_maker.h"
#include "bench/load/load_consumer.h"
#include "client/client.h"
#include "client/reader.h"

namespace leat::bench {
namespace {

constexpr absl::Duration kSilence = absl::Seconds(30);
constexpr absl::Duration kLook = absl::Milliseconds(50);  // How soon an end is noticed.

class ClientConsumer : public LoadConsumer {
 public:
  ClientConsumer(const LoadSettings& settings, MeasuredTime time, ReadPlan plan)
      : settings_(settings), plan_(std::move(plan)), next_(plan_.from), meter_(time) {}

  ~ClientConsumer() override {
    Stop();
    if (thread_.joinable()) thread_.join();
  }

  void Start() override {
    thread_ = std::thread([this] {
      absl::Status status;
      do {
        status = RunPass();
      } while (status.ok() && plan_.mode == ReadPlan::Mode::kRepeat && !stopping_);
      absl::MutexLock lock(&mutex_);
      failure_ = status;
    });
  }

  void Stop() override { stopping_ = true; }

  absl::Status Await(const std::vector<int64_t>& to) override {
    {
      absl::MutexLock lock(&mutex_);
      awaited_ = to;
    }
    thread_.join();
    absl::MutexLock lock(&mutex_);
    return failure_;
  }

  const Meter& meter() const override { return meter_; }

 private:
  bool IsThere() const {
    if (plan_.mode != ReadPlan::Mode::kFollow) return false;
    absl::MutexLock lock(&mutex_);
    return awaited_.has_value() && next_ == *awaited_;
  }

  client::ReadOptions Options() const {
    client::ReadOptions options = {.topic = settings_.topic};
    if (plan_.mode != ReadPlan::Mode::kFollow) {
      options.end = client::Position::Latest();
    } else if (plan_.from.size() == 1) {
      options.start = client::Position::AtOffset(plan_.from[0]);
    }
    return options;
  }

  absl::Status RunPass() {
    next_ = plan_.from;
    client::Reader reader(client::Client::Connect({.target = settings_.address}), Options());
    Nanos last = SteadyNow();
    while (!stopping_ && !IsThere()) {
      const auto event = reader.Next(kLook);
      const Nanos now = SteadyNow();
      if (absl::IsDeadlineExceeded(event.status())) {
        if (now - last < absl::ToInt64Nanoseconds(kSilence)) continue;
        return absl::UnavailableError("nothing more came for 30 s");
      }
      if (!event.ok()) return event.status();
      if (!event->has_value()) break;
      last = now;
      if (absl::Status status = Take(**event, now); !status.ok()) return status;
    }
    const bool all = plan_.mode == ReadPlan::Mode::kFollow ? IsThere() : next_ == plan_.to;
    if (stopping_ || all) return absl::OkStatus();
    return absl::DataLossError("a read ended before the end of what was to be read");
  }

  absl::Status Take(const client::ReadEvent& event, Nanos now) {
    if (event.kind == client::ReadEvent::Kind::kDamage) return event.damage;
    if (event.kind == client::ReadEvent::Kind::kGap) return absl::DataLossError("records are gone");
    if (event.kind != client::ReadEvent::Kind::kRecord) return absl::OkStatus();
    const std::string_view value = event.record.value.value_or("");
    meter_.Count(now, {1, value.size()});
    if (plan_.stamp_position.has_value() && value.size() >= kStampBytes) {
      meter_.Time(ReadStamp(value), now);
    }
    if (event.partition >= next_.size() || event.record.offset != next_[event.partition]) {
      return absl::DataLossError(absl::StrCat("offset ", event.record.offset, " of partition ",
                                              event.partition,
                                              " does not follow on the one before"));
    }
    return CheckValue(event.partition, static_cast<uint64_t>(next_[event.partition]++), value);
  }

  // Where values are known: whole batches were written, one behind the other.
  absl::Status CheckValue(uint32_t partition, uint64_t offset, std::string_view value) const {
    if (plan_.values == nullptr || value == (*plan_.values)[offset % plan_.values->size()]) {
      return absl::OkStatus();
    }
    return absl::DataLossError(absl::StrCat("another value than was sent at offset ", offset,
                                            " of partition ", partition));
  }

  const LoadSettings settings_;
  const ReadPlan plan_;
  std::vector<int64_t> next_;  // By partition. The reading thread's.
  std::atomic<bool> stopping_ = false;
  mutable absl::Mutex mutex_;
  std::optional<std::vector<int64_t>> awaited_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  Meter meter_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<LoadConsumer> MakeClientConsumer(const LoadSettings& settings, MeasuredTime time,
                                                 ReadPlan plan) {
  return std::make_unique<ClientConsumer>(settings, time, std::move(plan));
}

}  // namespace leat::bench
