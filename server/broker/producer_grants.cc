#include "server/broker/producer_grants.h"

namespace leat::broker {

ProducerGrants::ProducerGrants(const ProducerNames& names) : latest_(names.last_grant()) {
  for (const auto& [number, name] : names.by_grant()) {
    const ProducerGrant& grant = *names.Find(name);
    by_id_.emplace(grant.producer_id, grant);
  }
}

void ProducerGrants::Apply(const ProducerChange& change) {
  if (change.forgotten_id.has_value()) by_id_.erase(*change.forgotten_id);
  by_id_[change.grant.producer_id] = change.grant;
  latest_ = change.grant.number;
}

absl::StatusOr<uint64_t> ProducerGrants::Check(const record::BatchHeader& header) const {
  if (header.producer_id == record::kNoProducer) return 0;
  const auto found = by_id_.find(header.producer_id);
  if (found == by_id_.end() || header.producer_epoch > found->second.epoch) {
    return log::ProducerExpired(header);
  }
  if (header.producer_epoch < found->second.epoch) {
    return log::ProducerFenced(header, found->second.epoch);
  }
  return found->second.number;
}

void ProducerGrants::Resolve(log::ProducerTable& table) const {
  table.ResolveGrants(
      [this](int64_t producer_id) {
        const auto found = by_id_.find(producer_id);
        // Who has no grant any more is refused anyway, and its id is never given again.
        return found == by_id_.end() ? 0 : found->second.number;
      },
      latest_);
}

}  // namespace leat::broker
