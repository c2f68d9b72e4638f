#include "tests/fuzz/group_corpus.h"

#include <string>
#include <vector>

#include "leat/v1/group.pb.h"
#include "server/broker/internal_batch.h"
#include "server/group/group_records.pb.h"

namespace leat::fuzz {
namespace {

constexpr char kGroup[] = "billing";
const std::string& TopicId() {
  static const std::string id(16, 't');
  return id;
}

// Batches of a log of groups, with their stamps.
class GroupLogBytes {
 public:
  void BeginBatch() {
    batches_.emplace_back().set_generation(1);
    batches_.back().set_sequence(batches_.size());
  }

  internal::GroupRecord& Add() {
    internal::GroupRecord& record = *batches_.back().add_records();
    record.set_group(kGroup);
    return record;
  }

  // A member of its first epoch.
  void Put(const std::string& id, const std::string& instance) {
    internal::MemberPut& member = *Add().mutable_member_put();
    member.set_member_id(id);
    member.set_instance_id(instance);
    member.set_epoch(1);
    member.add_topics("orders");
    member.set_start_kind(1);
  }

  // Partition 0 of the topic.
  internal::Owner& Own(uint64_t epoch, const std::string& member) {
    internal::OwnersChanged& owners = *Add().mutable_owners_changed();
    owners.set_group_epoch(++group_epoch_);
    internal::Owner& owner = *owners.add_owners();
    owner.set_topic_id(TopicId());
    owner.set_assignment_epoch(epoch);
    owner.set_member_id(member);
    return owner;
  }

  std::string Payload() const {
    std::vector<std::string> records;
    for (const internal::GroupBatch& batch : batches_) records.push_back(batch.SerializeAsString());
    return std::string(broker::EncodeInternalBatch(records, 0).payload);
  }

 private:
  std::vector<internal::GroupBatch> batches_;
  uint64_t group_epoch_ = 0;
};

// The life of a group with two members.
void AddLog(const Corpus& corpus) {
  GroupLogBytes log;
  int number = 0;
  const auto add = [&] {
    corpus.Add("group_log_fuzz", std::to_string(++number), Byte(0) + log.Payload());
  };
  log.BeginBatch();
  log.Add().mutable_group_created()->set_time_ms(kNow);
  log.Put("a", "");
  add();
  log.BeginBatch();
  log.Own(1, "a");
  internal::OffsetsCommitted& committed = *log.Add().mutable_offsets_committed();
  committed.set_metadata("m");
  committed.add_offsets()->set_topic_id(TopicId());
  committed.mutable_offsets(0)->set_next_offset(7);
  const internal::OffsetsCommitted moved = committed;
  add();
  log.BeginBatch();
  log.Put("b", "instance");
  internal::Owner& revoking = log.Own(1, "a");
  revoking.set_revoking(true);
  revoking.set_next_member_id("b");
  add();
  log.BeginBatch();
  log.Own(2, "b");
  *log.Add().mutable_offsets_moved() = moved;
  log.Add().mutable_member_removed()->set_member_id("a");
  add();
  log.BeginBatch();
  log.Add().mutable_topics_dropped()->add_topic_ids(TopicId());
  add();
}

void AddSnapshot(const Corpus& corpus) {
  GroupLogBytes log;
  log.BeginBatch();
  internal::GroupSnapshotPart& part = *log.Add().mutable_snapshot_part();
  part.set_last_assignment_epoch(9);
  internal::GroupSnapshotPart::Group& group = *part.add_groups();
  group.set_name(kGroup);
  group.set_create_time_ms(kNow);
  internal::MemberPut& member = *group.add_members();
  member.set_member_id("a");
  member.set_epoch(3);
  member.set_start_kind(2);
  internal::GroupSnapshotPart::Partition& partition = *group.add_partitions();
  partition.mutable_owner()->set_topic_id(TopicId());
  partition.mutable_owner()->set_assignment_epoch(9);
  partition.mutable_owner()->set_member_id("a");
  partition.set_committed(5);
  log.BeginBatch();
  internal::GroupSnapshotPart& last = *log.Add().mutable_snapshot_part();
  last.set_index(1);
  last.set_last(true);
  corpus.Add("group_log_fuzz", "snapshot", Byte(1) + log.Payload());
}

void AddRequest(const Corpus& corpus, const std::string& name, int kind,
                const google::protobuf::Message& message) {
  corpus.Add("group_request_fuzz", name, Byte(kind) + Byte(7) + message.SerializeAsString());
}

v1::PartitionPosition Position() {
  v1::PartitionPosition position;
  position.set_topic("orders");
  position.set_partition(1);
  position.set_assignment_epoch(4);
  position.set_next_offset(70);
  return position;
}

void AddCommands(const Corpus& corpus) {
  v1::ConsumeRequest request;
  request.set_request_id(1);
  v1::Join& join = *request.mutable_join();
  join.set_group(kGroup);
  join.add_topics("orders");
  join.add_topic_patterns("o.*");
  join.set_instance_id("one");
  join.mutable_start()->set_last_records(3);
  join.mutable_window()->set_records(10);
  join.mutable_resume()->set_member_id("m");
  *join.mutable_resume()->add_positions() = Position();
  AddRequest(corpus, "join", 0, request);
  *request.mutable_commit()->add_positions() = Position();
  AddRequest(corpus, "commit", 0, request);
  *request.mutable_release()->add_positions() = Position();
  AddRequest(corpus, "release", 0, request);
  request.mutable_pause()->add_partitions()->set_topic("orders");
  AddRequest(corpus, "pause", 0, request);
  request.mutable_seek()->add_targets()->mutable_partition()->set_topic("orders");
  request.mutable_seek()->mutable_targets(0)->mutable_to()->set_timestamp_ms(kNow);
  AddRequest(corpus, "seek", 0, request);
  request.mutable_credit()->set_bytes(1'000);
  AddRequest(corpus, "credit", 0, request);
}

void AddCalls(const Corpus& corpus) {
  v1::CommitOffsetsRequest commit;
  commit.set_group(kGroup);
  *commit.add_positions() = Position();
  AddRequest(corpus, "commit-offsets", 2, commit);
  v1::SeekGroupRequest seek;
  seek.set_group(kGroup);
  v1::GroupSeek& target = *seek.add_targets();
  target.set_topic("orders");
  target.add_partitions(2);
  target.set_shift_records(-5);
  AddRequest(corpus, "seek-group", 3, seek);
  v1::ListGroupsRequest list;
  list.set_page_size(10);
  list.set_page_token(kGroup);
  AddRequest(corpus, "list-groups", 4, list);
}

}  // namespace

void AddGroups(const Corpus& corpus) {
  AddLog(corpus);
  AddSnapshot(corpus);
  AddCommands(corpus);
  AddCalls(corpus);
}

}  // namespace leat::fuzz
