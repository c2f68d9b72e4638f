// A group as the server knows it. Plain values, kept by `GroupState`.

#ifndef LEAT_SERVER_GROUP_GROUP_H_
#define LEAT_SERVER_GROUP_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/btree_map.h"
#include "server/group/group_command.h"
#include "server/group/member_channel.h"
#include "server/group/topic_catalogue.h"

namespace leat::group {

struct Member {
  std::string instance_id;  // Empty for a dynamic one.
  std::string client_name;
  uint64_t epoch = 0;        // Counts its streams, from 1.
  uint64_t claim_epoch = 0;  // Of the first stream since someone took its place who did not resume.
  Subscription subscription;
  StartPolicy start;
  int64_t session_timeout_ms = 0;
  int64_t join_time_ms = 0;       // Wall time.
  int64_t subscribe_time_ms = 0;  // Wall time of the subscription it has now.

  friend bool operator==(const Member&, const Member&) = default;
};

// A partition, what is committed of it and who has it. `next_owner` is empty unless it is revoking.
struct Partition {
  uint64_t assignment_epoch = 0;  // Of the last owner; 0 when there was none yet.
  std::string owner;              // Member id; empty when no one has it.
  bool revoking = false;          // The owner is to release it,
  std::string next_owner;         // then it goes to this member; empty: to no one.
  bool from_log_start = false;    // Where to begin while nothing is committed.
  std::optional<int64_t> committed;
  std::string metadata;
  int64_t commit_time_ms = 0;  // Wall time.

  friend bool operator==(const Partition&, const Partition&) = default;
};

struct Group {
  int64_t create_time_ms = 0;  // Wall time.
  uint64_t epoch = 0;          // Counts changes of ownership.
  int64_t active_time_ms = 0;  // Wall time of the last commit or departure.
  absl::btree_map<std::string, Member, std::less<>> members;  // By member id.
  absl::btree_map<std::string, std::string> instances;        // Member id by instance id.
  absl::btree_map<TopicPartition, Partition> partitions;

  friend bool operator==(const Group&, const Group&) = default;
};

// A group in short.
struct GroupSummary {
  std::string name;
  uint64_t epoch = 0;  // Counts changes of ownership.
  size_t member_count = 0;
  int64_t create_time_ms = 0;  // Wall time.
};

struct GroupLimits {
  uint32_t max_groups = 10'000;      // Of the server.
  uint32_t max_members = 1'000;      // Of one group, as the rest.
  uint32_t max_partitions = 20'000;  // Topics that would pass it are left out, commits refused.
  uint32_t max_topics = 1'000;       // Named by one subscription.
  uint32_t max_patterns = 100;       // Of one subscription.
  uint32_t max_name_bytes = 249;
  uint32_t max_pattern_bytes = 1'000;
  uint32_t max_metadata_bytes = 4'096;
  int64_t revocation_deadline_ms = 60'000;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_H_
