// The topics by name, for every thread: what a call needs before it knows which shard to ask.
//
// Written by the metadata shard once a change is durable, read by anyone. Holds handles only, so a
// reader keeps the lock for one lookup.

#ifndef LEAT_SERVER_BROKER_TOPIC_CATALOG_H_
#define LEAT_SERVER_BROKER_TOPIC_CATALOG_H_

#include <cstddef>
#include <functional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "server/broker/topic.h"

namespace leat::broker {

class TopicCatalog {
 public:
  // Adds a topic, or takes the place of the one of this name.
  void Put(TopicHandle topic);

  void Remove(std::string_view name);

  // nullptr when there is none.
  TopicHandle Find(std::string_view name) const;

  // Up to `limit` topics whose names begin with `prefix` and come after `after`, by name.
  std::vector<TopicHandle> List(std::string_view prefix, std::string_view after,
                                size_t limit) const;

 private:
  mutable std::shared_mutex mutex_;
  absl::btree_map<std::string, TopicHandle, std::less<>> topics_;  // Guarded by mutex_.
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_TOPIC_CATALOG_H_
