// The topics, as a pure state machine: commands become records, records become state. No I/O, no
// clock, no randomness of its own.
//
// Owned by `MetadataLog`; one thread. `Apply` is the only way in, so what is loaded after a crash
// is what was there before: the records of `__meta` that are durable, and nothing else.

#ifndef LEAT_SERVER_BROKER_TOPIC_STATE_H_
#define LEAT_SERVER_BROKER_TOPIC_STATE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/broker/metadata.pb.h"
#include "server/broker/producer_names.h"
#include "server/broker/topic.h"
#include "server/broker/topic_command.h"
#include "storage/record/ids.h"

namespace leat::broker {

struct TopicLimits {
  uint32_t max_topics = 10'000;
  uint32_t max_partitions_per_topic = 1'024;
  uint32_t max_producers_per_topic = 10'000;
};

class TopicState {
 public:
  using LogStarts = absl::btree_map<uint32_t, record::Offset>;

  struct Decision {
    // The answer: the topic as it is once the records are applied (as it was, if it is deleted).
    TopicHandle topic;
    // To be appended as one batch, then applied. None when there is nothing to change.
    std::vector<internal::MetadataRecord> records;
  };

  explicit TopicState(const TopicLimits& limits) : limits_(limits) {}

  // Decides about a command; changes nothing. `now_ms` is wall time, `new_id` is for a topic to be
  // created. Errors: kTopicAlreadyExists, kTopicNotFound, kTopicRecreated, kLimitReached,
  // kInvalidField (fewer partitions than there are). Safe to repeat.
  absl::StatusOr<Decision> Handle(const TopicCommand& command, int64_t now_ms,
                                  const log::Uuid& new_id) const;

  // Takes in a durable record. DATA_LOSS, and nothing changed, when it cannot follow on what came
  // before. A part of a snapshot adds what it holds.
  absl::StatusOr<TopicChange> Apply(const internal::MetadataRecord& record);

  // The whole state as the parts of a snapshot; applied to an empty state they make an equal one.
  std::vector<internal::MetadataRecord> Snapshot() const;

  // nullptr when there is none.
  TopicHandle FindName(std::string_view name) const;
  TopicHandle FindId(const log::Uuid& id) const;

  // All topics, by name.
  std::vector<TopicHandle> Topics() const;

  // Where the partitions of a topic begin that do not begin at 0.
  const LogStarts& log_starts(const log::Uuid& id) const;

  // The producers of a topic, by name.
  const ProducerNames& producers(const log::Uuid& id) const;

  // Topics that are deleted but may still have a directory.
  const absl::btree_set<log::Uuid>& deleted() const { return deleted_; }

 private:
  struct Entry {
    TopicHandle topic;
    LogStarts log_starts;
    ProducerNames producers;
  };

  struct Moment {
    int64_t now_ms = 0;
    log::Uuid new_id{};
  };

  absl::StatusOr<Decision> Decide(const command::CreateTopic& command, const Moment& moment) const;
  absl::StatusOr<Decision> Decide(const command::UpdateTopic& command, const Moment& moment) const;
  absl::StatusOr<Decision> Decide(const command::DeleteTopic& command, const Moment& moment) const;
  absl::StatusOr<Decision> Decide(const command::AddPartitions& command,
                                  const Moment& moment) const;
  absl::StatusOr<Decision> Decide(const command::MoveLogStarts& command,
                                  const Moment& moment) const;
  absl::StatusOr<Decision> Decide(const command::ForgetTopics& command, const Moment& moment) const;
  absl::StatusOr<Decision> Decide(const command::InitProducer& command, const Moment& moment) const;

  absl::StatusOr<TopicChange> ApplyCreated(const internal::TopicCreated& record);
  absl::StatusOr<TopicChange> ApplySettings(const internal::SettingsChanged& record);
  absl::StatusOr<TopicChange> ApplyPartitions(const internal::PartitionsAdded& record);
  absl::StatusOr<TopicChange> ApplyDeleted(const internal::TopicDeleted& record);
  absl::StatusOr<TopicChange> ApplyForgotten(const internal::TopicsForgotten& record);
  absl::StatusOr<TopicChange> ApplyLogStarts(const internal::LogStartsMoved& record);
  absl::StatusOr<TopicChange> ApplySnapshotPart(const internal::SnapshotPart& record);
  absl::StatusOr<TopicChange> ApplyProducer(const internal::ProducerGranted& record);
  absl::Status LoadProducers(const internal::SnapshotPart::Topic& kept);
  void SaveProducers(const log::Uuid& id, internal::SnapshotPart::Topic& kept) const;

  // The topic that a caller's handle names, as it is now. kTopicNotFound, kTopicRecreated.
  absl::StatusOr<TopicHandle> Resolve(const TopicHandle& named) const;
  // The entry that a record names. DATA_LOSS.
  absl::StatusOr<Entry*> EntryOf(std::string_view encoded_id);

  TopicLimits limits_;
  absl::flat_hash_map<log::Uuid, Entry, UuidHash> by_id_;
  absl::btree_map<std::string, log::Uuid, std::less<>> by_name_;
  absl::btree_set<log::Uuid> deleted_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_TOPIC_STATE_H_
