#include "server/broker/topic_catalog.h"

#include <mutex>
#include <utility>

namespace leat::broker {

void TopicCatalog::Put(TopicHandle topic) {
  const std::unique_lock lock(mutex_);
  TopicHandle& place = topics_[topic->name];
  place = std::move(topic);
}

void TopicCatalog::Remove(std::string_view name) {
  const std::unique_lock lock(mutex_);
  if (auto found = topics_.find(name); found != topics_.end()) topics_.erase(found);
}

TopicHandle TopicCatalog::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second;
}

std::vector<TopicHandle> TopicCatalog::List(std::string_view prefix, std::string_view after,
                                            size_t limit) const {
  std::vector<TopicHandle> topics;
  const std::shared_lock lock(mutex_);
  auto at = after < prefix ? topics_.lower_bound(prefix) : topics_.upper_bound(after);
  for (; at != topics_.end() && topics.size() < limit && at->first.starts_with(prefix); ++at) {
    topics.push_back(at->second);
  }
  return topics;
}

}  // namespace leat::broker
