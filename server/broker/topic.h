// A topic as the server knows it. Plain values; any thread.

#ifndef LEAT_SERVER_BROKER_TOPIC_H_
#define LEAT_SERVER_BROKER_TOPIC_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "storage/log/format.h"
#include "storage/record/batch.h"

namespace leat::broker {

enum class Durability : uint8_t { kWritten = 1, kSynced = 2 };
enum class Cleanup : uint8_t { kDelete = 1, kCompact = 2, kBoth = 3 };

// Settings of a topic, defaults filled in. Ranges stand in topic.proto and are checked by
// `rpc/validate`.
struct TopicSettings {
  absl::Duration retention_time = absl::Hours(24 * 7);  // Zero keeps for ever.
  uint64_t retention_bytes = 0;                         // Zero is no limit.
  uint64_t segment_bytes = uint64_t{1} << 30;
  absl::Duration segment_age = absl::Hours(24 * 7);
  Durability durability = Durability::kSynced;
  uint32_t max_record_bytes = 1 << 20;
  uint32_t max_batch_bytes = 2 << 20;
  record::TimestampType timestamp_type = record::TimestampType::kCreate;
  Cleanup cleanup = Cleanup::kDelete;
  absl::Duration tombstone_retention = absl::Hours(24);
  absl::Duration deduplication_time = absl::ZeroDuration();  // Zero remembers no message ids.
  uint32_t deduplication_ids = 100'000;
  uint32_t checked_keys = 0;  // Zero refuses conditional appends by key.

  bool deduplicates() const { return deduplication_time > absl::ZeroDuration(); }

  friend bool operator==(const TopicSettings&, const TopicSettings&) = default;
};

struct Topic {
  log::Uuid id{};
  std::string name;
  uint32_t partition_count = 1;
  TopicSettings settings;
  int64_t create_time_ms = 0;

  friend bool operator==(const Topic&, const Topic&) = default;
};

// A topic as it was at one moment; a change makes a new one.
using TopicHandle = std::shared_ptr<const Topic>;

// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
std::string FormatUuid(const log::Uuid& id);

// Of what `FormatUuid` writes, and nothing else.
std::optional<log::Uuid> ParseUuid(std::string_view text);

// A version 4 UUID out of 128 random bits.
log::Uuid MakeUuid(uint64_t random_high, uint64_t random_low);

// For hash maps: ids are random, so any eight bytes of one will do.
struct UuidHash {
  size_t operator()(const log::Uuid& id) const {
    size_t hash;
    std::memcpy(&hash, id.data() + id.size() - sizeof(hash), sizeof(hash));
    return hash;
  }
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_TOPIC_H_
