// The topics there are, as groups need to know them.
//
// Implemented by whoever owns the topics, for the thread of the groups; in tests by a plain map.

#ifndef LEAT_SERVER_GROUP_TOPIC_CATALOGUE_H_
#define LEAT_SERVER_GROUP_TOPIC_CATALOGUE_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace leat::group {

// A UUID, given when a topic is made.
using TopicId = std::array<uint8_t, 16>;

struct TopicPartition {
  TopicId topic_id{};
  uint32_t partition = 0;

  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

struct TopicInfo {
  TopicId id{};
  std::string name;
  uint32_t partition_count = 1;
  int64_t create_time_ms = 0;  // Wall time.
};

class TopicCatalogue {
 public:
  virtual ~TopicCatalogue() = default;

  // nullptr when there is none. The result holds until the topics change.
  virtual const TopicInfo* FindName(std::string_view name) const = 0;
  virtual const TopicInfo* FindId(const TopicId& id) const = 0;

  // In order of their names.
  virtual void ForEach(absl::FunctionRef<void(const TopicInfo&)> visit) const = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_TOPIC_CATALOGUE_H_
