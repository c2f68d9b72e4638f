// The producers' part of the topics' state.

#include <utility>

#include "fmt/format.h"
#include "server/broker/metadata_codec.h"
#include "server/broker/topic_state.h"

namespace leat::broker {
namespace {

internal::ProducerGranted Encode(std::string_view name, const ProducerGrant& grant) {
  internal::ProducerGranted message;
  message.set_name(std::string(name));
  message.set_producer_id(grant.producer_id);
  message.set_producer_epoch(grant.epoch);
  message.set_grant(grant.number);
  return message;
}

ProducerGrant Decode(const internal::ProducerGranted& message) {
  return {.producer_id = message.producer_id(),
          .epoch = message.producer_epoch(),
          .number = message.grant()};
}

absl::Status DoesNotFit(const internal::ProducerGranted& message) {
  return absl::DataLossError(
      fmt::format("grant {}, to producer '{}', does not follow on those before it", message.grant(),
                  message.name()));
}

}  // namespace

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::InitProducer& command,
                                                        const Moment&) const {
  absl::StatusOr<TopicHandle> present = Resolve(command.topic);
  if (!present.ok()) return present.status();
  ProducerNames::Decision decided =
      producers((*present)->id).Decide(command.name, limits_.max_producers_per_topic);
  Decision decision{.topic = *present};
  internal::ProducerGranted* record = decision.records.emplace_back().mutable_producer_granted();
  *record = Encode(command.name, decided.grant);
  record->set_topic_id(EncodeUuid((*present)->id));
  record->set_forgotten_name(std::move(decided.forgotten));
  return decision;
}

absl::StatusOr<TopicChange> TopicState::ApplyProducer(const internal::ProducerGranted& record) {
  absl::StatusOr<Entry*> entry = EntryOf(record.topic_id());
  if (!entry.ok()) return entry.status();
  ProducerNames& names = (*entry)->producers;
  ProducerChange change{.topic_id = (*entry)->topic->id, .grant = Decode(record)};
  const std::string& forgotten = record.forgotten_name();
  if (!forgotten.empty() && names.Find(forgotten) == nullptr) return DoesNotFit(record);
  if (!names.Follows(record.name(), change.grant) && forgotten != record.name()) {
    return DoesNotFit(record);
  }
  if (!forgotten.empty()) change.forgotten_id = names.Forget(forgotten).producer_id;
  names.Apply(record.name(), change.grant);
  return TopicChange{.producer = change};
}

absl::Status TopicState::LoadProducers(const internal::SnapshotPart::Topic& kept) {
  absl::StatusOr<Entry*> entry = EntryOf(kept.topic().topic_id());
  if (!entry.ok()) return entry.status();
  for (const internal::ProducerGranted& record : kept.producers()) {
    ProducerNames& names = (*entry)->producers;
    if (!names.Follows(record.name(), Decode(record))) return DoesNotFit(record);
    names.Apply(record.name(), Decode(record));
  }
  (*entry)->producers.set_last_grant(kept.last_grant());
  return absl::OkStatus();
}

void TopicState::SaveProducers(const log::Uuid& id, internal::SnapshotPart::Topic& kept) const {
  const ProducerNames& names = producers(id);
  kept.set_last_grant(names.last_grant());
  for (const auto& [number, name] : names.by_grant()) {
    *kept.add_producers() = Encode(name, *names.Find(name));
  }
}

const ProducerNames& TopicState::producers(const log::Uuid& id) const {
  static const ProducerNames kNone;
  auto found = by_id_.find(id);
  return found == by_id_.end() ? kNone : found->second.producers;
}

}  // namespace leat::broker
