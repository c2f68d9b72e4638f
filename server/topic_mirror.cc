#include "server/topic_mirror.h"

namespace leat::server {

bool TopicMirror::Take(const broker::Topic& topic, broker::TopicEvent event) {
  return event == broker::TopicEvent::kPut ? Put(topic) : Remove(topic);
}

bool TopicMirror::Put(const broker::Topic& topic) {
  group::TopicInfo& known = by_name_[topic.name];
  const bool same = known.id == topic.id && known.partition_count == topic.partition_count;
  if (known.id != topic.id) by_id_.erase(known.id);
  known = {topic.id, topic.name, topic.partition_count, topic.create_time_ms};
  by_id_[topic.id] = &known;
  return !same;
}

bool TopicMirror::Remove(const broker::Topic& topic) {
  auto known = by_name_.find(topic.name);
  if (known == by_name_.end() || known->second.id != topic.id) return false;
  by_id_.erase(topic.id);
  by_name_.erase(known);
  return true;
}

const group::TopicInfo* TopicMirror::FindName(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

const group::TopicInfo* TopicMirror::FindId(const group::TopicId& id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void TopicMirror::ForEach(absl::FunctionRef<void(const group::TopicInfo&)> visit) const {
  for (const auto& [name, topic] : by_name_) visit(topic);
}

}  // namespace leat::server
