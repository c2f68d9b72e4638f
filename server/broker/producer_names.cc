#include "server/broker/producer_names.h"

#include <utility>

#include "storage/io/check.h"

namespace leat::broker {

ProducerNames::Decision ProducerNames::Decide(std::string_view name, size_t max_names) const {
  const uint64_t number = last_grant_ + 1;
  Decision decision{.grant = {.producer_id = static_cast<int64_t>(number), .number = number}};
  if (const ProducerGrant* present = Find(name)) {
    // After the last epoch there is none under the same id.
    if (present->epoch < INT32_MAX) {
      decision.grant.producer_id = present->producer_id;
      decision.grant.epoch = present->epoch + 1;
    } else {
      decision.forgotten = name;
    }
  } else if (by_name_.size() >= max_names) {
    decision.forgotten = by_grant_.begin()->second;
  }
  return decision;
}

bool ProducerNames::Follows(std::string_view name, const ProducerGrant& grant) const {
  if (grant.number <= last_grant_ || grant.producer_id <= 0 || grant.epoch < 0) return false;
  const ProducerGrant* const present = Find(name);
  return present == nullptr ||
         (grant.producer_id == present->producer_id && grant.epoch > present->epoch);
}

void ProducerNames::Apply(std::string_view name, const ProducerGrant& grant) {
  const auto [entry, is_new] = by_name_.try_emplace(std::string(name), grant);
  if (!is_new) by_grant_.erase(std::exchange(entry->second, grant).number);
  by_grant_.emplace(grant.number, name);
  last_grant_ = grant.number;
}

ProducerGrant ProducerNames::Forget(std::string_view name) {
  const auto found = by_name_.find(name);
  LEAT_CHECK(found != by_name_.end());
  const ProducerGrant grant = found->second;
  by_grant_.erase(grant.number);
  by_name_.erase(found);
  return grant;
}

const ProducerGrant* ProducerNames::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace leat::broker
