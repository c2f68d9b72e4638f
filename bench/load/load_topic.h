// The topic of a run: one that is there, or one of its own, removed with this object. Blocking.

#ifndef LEAT_BENCH_LOAD_LOAD_TOPIC_H_
#define LEAT_BENCH_LOAD_LOAD_TOPIC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/load/load_settings.h"
#include "client/admin.h"

namespace leat::bench {

class LoadTopic {
 public:
  // Makes one with `settings.partition_count` partitions unless `settings` names one.
  static absl::StatusOr<LoadTopic> Open(const LoadSettings& settings);

  LoadTopic(LoadTopic&& other) noexcept;
  LoadTopic& operator=(LoadTopic&&) = delete;
  ~LoadTopic();

  const std::string& name() const { return name_; }
  uint32_t partition_count() const { return partition_count_; }

  // What can be read now: [from, to) by partition.
  struct Bounds {
    std::vector<int64_t> from;
    std::vector<int64_t> to;
  };
  absl::StatusOr<Bounds> Find() const;

 private:
  LoadTopic(client::Admin admin, std::string name, uint32_t partition_count, bool own)
      : admin_(std::move(admin)),
        name_(std::move(name)),
        partition_count_(partition_count),
        own_(own) {}

  client::Admin admin_;
  std::string name_;
  uint32_t partition_count_;
  bool own_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_LOAD_TOPIC_H_
