// Rebalancing: who is to have what, and the steps there.

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/group/assignor.h"
#include "server/group/group_draft.h"
#include "server/group/group_state.h"
#include "server/group/subscription.h"

namespace leat::group {
namespace {

// What the members of a group want, in the assignor's terms.
struct Demand {
  std::vector<std::string> members;      // Ids, by the assignor's index.
  std::vector<const TopicInfo*> topics;  // Ascending by id.
  // For each topic: its subscribers, the partitions that are to be shared out, and these in the
  // assignor's terms, for subscribers that are not away.
  std::vector<std::vector<int32_t>> subscribers;
  std::vector<std::vector<uint32_t>> partitions;
  std::vector<AssignorTopic> shares;
};

absl::btree_map<const TopicInfo*, std::vector<int32_t>> SubscribersOf(
    const Group& group, const TopicCatalogue& topics) {
  absl::btree_map<Subscription, std::vector<int32_t>> by_subscription;
  int32_t index = 0;
  for (const auto& [id, member] : group.members) {
    by_subscription[member.subscription].push_back(index++);
  }
  absl::btree_map<const TopicInfo*, std::vector<int32_t>> subscribers;
  for (const auto& [subscription, members] : by_subscription) {
    for (const TopicInfo* topic : TopicsOf(subscription, topics)) {
      auto& all = subscribers[topic];
      all.insert(all.end(), members.begin(), members.end());
    }
  }
  for (auto& [topic, members] : subscribers) std::sort(members.begin(), members.end());
  return subscribers;
}

bool IsKnown(const Group& group, const TopicId& topic) {
  auto first = group.partitions.find({topic, 0});
  return first != group.partitions.end() && first->second.assignment_epoch > 0;
}

// Topics are taken up as long as their partitions are within the limit: those that the group has
// had before go first.
std::vector<const TopicInfo*> WithinLimit(const Group& group, std::vector<const TopicInfo*> topics,
                                          uint32_t max_partitions) {
  const auto rank = [&group](const TopicInfo* topic) {
    return std::pair(!IsKnown(group, topic->id), topic->id);
  };
  std::sort(topics.begin(), topics.end(),
            [&](const TopicInfo* a, const TopicInfo* b) { return rank(a) < rank(b); });
  uint64_t partitions = 0;
  std::erase_if(topics, [&](const TopicInfo* topic) {
    return (partitions += topic->partition_count) > max_partitions;
  });
  std::sort(topics.begin(), topics.end(),
            [](const TopicInfo* a, const TopicInfo* b) { return a->id < b->id; });
  return topics;
}

using Away = absl::flat_hash_set<std::string>;            // Ids of members.
using Index = absl::flat_hash_map<std::string, int32_t>;  // Of those that are not away, by id.

// The partitions of a topic that are to be shared out, with who has them: all but those of members
// that are away.
void AddPartitions(const Group& group, const TopicInfo& topic, const Index& index, const Away& away,
                   Demand& demand) {
  std::vector<uint32_t>& numbers = demand.partitions.emplace_back();
  std::vector<int32_t>& owners = demand.shares.back().owners;
  for (uint32_t number = 0; number < topic.partition_count; ++number) {
    const auto found = group.partitions.find({topic.id, number});
    int32_t owner = kNoOwner;
    if (found != group.partitions.end()) {
      const Partition& partition = found->second;
      if (!partition.revoking && away.contains(partition.owner)) continue;
      // Where a partition is going counts, not where it still is.
      const auto holder = index.find(partition.revoking ? partition.next_owner : partition.owner);
      if (holder != index.end()) owner = holder->second;
    }
    numbers.push_back(number);
    owners.push_back(owner);
  }
}

Demand DemandOf(const Group& group, const TopicCatalogue& topics, const Away& away,
                uint32_t max_partitions) {
  Demand demand;
  Index index;
  for (const auto& [id, member] : group.members) {
    if (!away.contains(id)) index.emplace(id, static_cast<int32_t>(demand.members.size()));
    demand.members.push_back(id);
  }
  auto subscribers = SubscribersOf(group, topics);
  std::vector<const TopicInfo*> wanted;
  for (const auto& [topic, members] : subscribers) wanted.push_back(topic);
  demand.topics = WithinLimit(group, std::move(wanted), max_partitions);
  for (const TopicInfo* topic : demand.topics) {
    demand.subscribers.push_back(std::move(subscribers[topic]));
    AssignorTopic& share = demand.shares.emplace_back();
    for (const int32_t member : demand.subscribers.back()) {
      if (!away.contains(demand.members[member])) share.subscribers.push_back(member);
    }
    AddPartitions(group, *topic, index, away, demand);
  }
  return demand;
}

// Partitions that came into being while the group was subscribed: who gets them would miss what was
// written before, if its start policy held.
bool BeginsAtLogStart(const Group& group, const Demand& demand, size_t topic) {
  const TopicInfo& info = *demand.topics[topic];
  const std::vector<int32_t>& subscribers = demand.subscribers[topic];
  return IsKnown(group, info.id) ||
         std::any_of(subscribers.begin(), subscribers.end(), [&](int32_t member) {
           const Member& subscriber = group.members.find(demand.members[member])->second;
           return subscriber.subscribe_time_ms <= info.create_time_ms;
         });
}

void DropDeletedTopics(const Group& group, const TopicCatalogue& topics, GroupDraft& draft) {
  for (auto it = group.partitions.begin(); it != group.partitions.end();) {
    const TopicId id = it->first.topic_id;
    const bool gone = topics.FindId(id) == nullptr;
    if (gone) draft.DropTopic(id);
    for (; it != group.partitions.end() && it->first.topic_id == id; ++it) {
      if (gone && !it->second.owner.empty()) {
        draft.TellLost(it->first, it->second, ChangeReason::kTopicsChanged);
      }
    }
  }
}

// Takes partitions a step towards their targets.
struct Mover {
  const Group& group;
  command::Rebalance::Scope scope;
  int64_t revocation_deadline_ms;
  GroupDraft& draft;

  // `target`: a member id, or empty for no one.
  void Move(const TopicPartition& place, const Partition& partition, const std::string& target) {
    if (partition.revoking) {
      if (partition.next_owner != target) draft.Redirect(place, partition, target);
    } else if (partition.owner.empty()) {
      if (target.empty()) return;
      const bool is_new = partition.assignment_epoch == 0 && IsKnown(group, place.topic_id);
      draft.Assign(place, partition, target,
                   is_new ? ChangeReason::kTopicsChanged : ChangeReason::kUnowned);
    } else if (partition.owner != target && scope == command::Rebalance::Scope::kAll) {
      draft.Revoke(place, partition, target, revocation_deadline_ms);
    }
  }
};

bool IsWanted(const Demand& demand, const TopicId& id) {
  const auto found =
      std::lower_bound(demand.topics.begin(), demand.topics.end(), id,
                       [](const TopicInfo* topic, const TopicId& i) { return topic->id < i; });
  return found != demand.topics.end() && (*found)->id == id;
}

}  // namespace

GroupState::Result GroupState::Decide(const command::Rebalance& command,
                                      const Moment& moment) const {
  const Group* group = Find(command.group);
  if (group == nullptr) return Decision{};
  GroupDraft draft(command.group, *group, last_assignment_epoch_, moment);
  DropDeletedTopics(*group, *moment.topics, draft);
  Demand demand = DemandOf(*group, *moment.topics, command.away, limits_.max_partitions);
  Assign(static_cast<int32_t>(demand.members.size()), demand.shares);
  Mover mover{*group, command.scope, limits_.revocation_deadline_ms, draft};
  for (size_t t = 0; t < demand.topics.size(); ++t) {
    const TopicInfo& topic = *demand.topics[t];
    const bool from_log_start = BeginsAtLogStart(*group, demand, t);
    for (size_t i = 0; i < demand.partitions[t].size(); ++i) {
      const int32_t target = demand.shares[t].owners[i];
      const TopicPartition place{topic.id, demand.partitions[t][i]};
      auto found = group->partitions.find(place);
      Partition partition = found == group->partitions.end() ? Partition{} : found->second;
      if (partition.assignment_epoch == 0) partition.from_log_start = from_log_start;
      mover.Move(place, partition, target == kNoOwner ? "" : demand.members[target]);
    }
  }
  for (const auto& [place, partition] : group->partitions) {
    const bool exists = moment.topics->FindId(place.topic_id) != nullptr;
    if (exists && !IsWanted(demand, place.topic_id)) mover.Move(place, partition, "");
  }
  return draft.Take();
}

}  // namespace leat::group
