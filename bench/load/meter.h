// Counts what arrives and how late it is, while a run is measured. Any thread.

#ifndef LEAT_BENCH_LOAD_METER_H_
#define LEAT_BENCH_LOAD_METER_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bench/load/histogram.h"
#include "bench/steady_clock.h"

namespace leat::bench {

// What is measured: [from, until).
struct MeasuredTime {
  Nanos from = 0;
  Nanos until = 0;
  bool Contains(Nanos moment) const { return moment >= from && moment < until; }
};

struct Tally {
  uint64_t records = 0;
  uint64_t bytes = 0;  // Of values.

  Tally& operator+=(const Tally& other) {
    records += other.records;
    bytes += other.bytes;
    return *this;
  }
};

class Meter {
 public:
  explicit Meter(MeasuredTime time) : time_(time) {}

  // Something arrived.
  void Count(Nanos now, Tally what) {
    absl::MutexLock lock(&mutex_);
    total_ += what;
    if (time_.Contains(now)) measured_ += what;
  }

  // What was to be sent at `intended` took until now. Counts when it was to be sent while measured.
  void Time(Nanos intended, Nanos now) {
    if (!time_.Contains(intended)) return;
    absl::MutexLock lock(&mutex_);
    latency_.Record(static_cast<uint64_t>(now - intended));
  }

  // What was to be sent at `intended` will never be: by now it is so late, and counts so.
  void Miss(Nanos intended, Nanos now) {
    if (!time_.Contains(intended)) return;
    absl::MutexLock lock(&mutex_);
    missed_.Record(static_cast<uint64_t>(now - intended));
  }

  const MeasuredTime& time() const { return time_; }
  Tally total() const {
    absl::MutexLock lock(&mutex_);
    return total_;
  }
  Tally measured() const {
    absl::MutexLock lock(&mutex_);
    return measured_;
  }
  Histogram latency() const {
    absl::MutexLock lock(&mutex_);
    return latency_;
  }
  Histogram missed() const {
    absl::MutexLock lock(&mutex_);
    return missed_;
  }

 private:
  const MeasuredTime time_;
  mutable absl::Mutex mutex_;
  Tally total_ ABSL_GUARDED_BY(mutex_);
  Tally measured_ ABSL_GUARDED_BY(mutex_);
  Histogram latency_ ABSL_GUARDED_BY(mutex_);  // In nanoseconds.
  Histogram missed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_METER_H_
