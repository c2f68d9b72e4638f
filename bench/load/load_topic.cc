#include "bench/load/load_topic.h"

#include <random>
#include <utility>

#include "fmt/format.h"

namespace leat::bench {

absl::StatusOr<LoadTopic> LoadTopic::Open(const LoadSettings& settings) {
  const client::Admin admin(client::Client::Connect({.target = settings.address}));
  if (!settings.topic.empty()) {
    const auto found = admin.GetTopic(settings.topic);
    if (!found.ok()) return found.status();
    return LoadTopic(admin, settings.topic, found->topic().partition_count(), false);
  }
  v1::CreateTopicRequest request;
  request.set_topic(fmt::format("leat-bench-{:08x}", std::random_device()()));
  request.set_partition_count(settings.partition_count);
  const auto made = admin.CreateTopic(request);
  if (!made.ok()) return made.status();
  return LoadTopic(admin, made->name(), made->partition_count(), true);
}

LoadTopic::LoadTopic(LoadTopic&& other) noexcept
    : admin_(std::move(other.admin_)),
      name_(std::move(other.name_)),
      partition_count_(other.partition_count_),
      own_(std::exchange(other.own_, false)) {}

LoadTopic::~LoadTopic() {
  if (!own_) return;
  v1::DeleteTopicRequest request;
  request.set_topic(name_);
  // A server that is gone keeps it: its name says whose it was.
  admin_.DeleteTopic(request).IgnoreError();
}

absl::StatusOr<LoadTopic::Bounds> LoadTopic::Find() const {
  v1::ListOffsetsRequest request;
  request.set_topic(name_);
  const auto answer = admin_.ListOffsets(request);
  if (!answer.ok()) return answer.status();
  Bounds bounds{std::vector<int64_t>(partition_count_), std::vector<int64_t>(partition_count_)};
  for (const v1::OffsetAnswer& offsets : answer->answers()) {
    if (offsets.partition() >= partition_count_) continue;
    bounds.from[offsets.partition()] = offsets.log_start_offset();
    bounds.to[offsets.partition()] = offsets.high_watermark();
  }
  return bounds;
}

}  // namespace leat::bench
