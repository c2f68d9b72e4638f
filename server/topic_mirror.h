// The topics as the groups of one shard know them: a copy, kept by what the broker tells.
//
// Owned by `GroupHost`; the shard's thread.

#ifndef LEAT_SERVER_TOPIC_MIRROR_H_
#define LEAT_SERVER_TOPIC_MIRROR_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "server/broker/calls.h"
#include "server/broker/topic.h"
#include "server/group/topic_catalogue.h"

namespace leat::server {

class TopicMirror : public group::TopicCatalogue {
 public:
  // Takes in what happened; returns whether that means anything to groups.
  bool Take(const broker::Topic& topic, broker::TopicEvent event);

  const group::TopicInfo* FindName(std::string_view name) const override;
  const group::TopicInfo* FindId(const group::TopicId& id) const override;
  void ForEach(absl::FunctionRef<void(const group::TopicInfo&)> visit) const override;

 private:
  bool Put(const broker::Topic& topic);
  bool Remove(const broker::Topic& topic);

  // A map whose elements stay where they are.
  std::map<std::string, group::TopicInfo, std::less<>> by_name_;
  absl::flat_hash_map<group::TopicId, const group::TopicInfo*, broker::UuidHash> by_id_;
};

}  // namespace leat::server

#endif  // LEAT_SERVER_TOPIC_MIRROR_H_
