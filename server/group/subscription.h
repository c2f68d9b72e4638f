// Which topics a subscription means. Pure; any thread.

#ifndef LEAT_SERVER_GROUP_SUBSCRIPTION_H_
#define LEAT_SERVER_GROUP_SUBSCRIPTION_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/group/group.h"
#include "server/group/group_command.h"
#include "server/group/topic_catalogue.h"

namespace leat::group {

// kInvalidField naming what is wrong: nothing named, too much or too long a name, a pattern that is
// no RE2 expression or takes too much memory.
absl::Status CheckSubscription(const Subscription& subscription, const GroupLimits& limits);

// Whether it names the topic or has a pattern for it.
bool Matches(const Subscription& subscription, std::string_view topic);

// The topics that it means, ascending by id. The pointers hold until the topics change.
std::vector<const TopicInfo*> TopicsOf(const Subscription& subscription,
                                       const TopicCatalogue& topics);

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_SUBSCRIPTION_H_
