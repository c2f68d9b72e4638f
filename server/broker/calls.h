// What calls to the broker are made of. Plain values; any thread.

#ifndef LEAT_SERVER_BROKER_CALLS_H_
#define LEAT_SERVER_BROKER_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/broker/producer_names.h"
#include "server/broker/topic.h"
#include "storage/log/log_types.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"
#include "storage/record/message_ids.h"

namespace leat::broker {

// How a call is answered.
template <typename T>
using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

// Appends of one sender to one partition that must not overtake one another: once one of them has
// failed, those behind it get kEarlierRequestFailed and are not appended. Made by the sender; only
// the partition's shard looks into it.
struct AppendLane {
  bool failed = false;
};

struct AppendOptions {
  std::shared_ptr<AppendLane> lane;
  log::AppendConditions conditions;  // Without the grant, which the broker knows.
};

// A producer that was initialised.
struct InitializedProducer {
  TopicHandle topic;
  ProducerGrant grant;
  // What partitions know of it that know something; or why they cannot tell.
  std::vector<std::pair<uint32_t, absl::StatusOr<log::ProducerBatch>>> partitions;
};

struct PartitionStatus {
  uint32_t partition = 0;
  record::Offset log_start;
  record::Offset high_watermark;
  uint64_t bytes_on_disk = 0;
  uint32_t segment_count = 0;
  log::LogState state = log::LogState::kOnline;
  std::string state_detail;
};

// One read of one partition.
struct FetchSpec {
  TopicHandle topic;
  uint32_t partition = 0;
  record::Offset from;
  size_t max_bytes = 1 << 20;
  // Wait until something is there (or the log start has moved past `from`); else answer at once,
  // perhaps with nothing.
  bool wait = false;
};

struct FetchResult {
  std::vector<record::Batch> batches;  // As `log::ReadResult`.
  record::Offset next_offset;
  record::Offset log_start;
  record::Offset high_watermark;
};

// What happened to a topic, to those who keep a copy.
enum class TopicEvent { kPut, kRemoved };  // kPut: it is new, or changed.
using TopicObserver = std::function<void(const Topic& topic, TopicEvent event)>;

struct TrimTarget {
  uint32_t partition = 0;
  record::Offset log_start;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_CALLS_H_
