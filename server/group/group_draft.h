// A decision in the making: what is to change in one group, gathered into few records and events.
//
// Lives for one `GroupState::Handle`. Each partition may be given a new owner, or lose one, once.

#ifndef LEAT_SERVER_GROUP_GROUP_DRAFT_H_
#define LEAT_SERVER_GROUP_GROUP_DRAFT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "server/group/group.h"
#include "server/group/group_records.pb.h"
#include "server/group/group_state.h"

namespace leat::group {

class GroupDraft {
 public:
  // `group` is the one to change, or an empty one that is to be made with `Create`.
  GroupDraft(std::string name, const Group& group, uint64_t last_assignment_epoch,
             const Moment& moment);

  void Create();
  // Adds or replaces a member; before anything is given to it.
  void Put(const std::string& member_id, Member member);
  // Nothing may be given to the member any more; its stream ends with `why`.
  void Remove(const std::string& member_id, absl::Status why);

  // The committed offset becomes `offset`; before the partition is given to anyone.
  void Commit(const TopicPartition& place, int64_t offset);
  void Seek(const TopicPartition& place, int64_t offset);
  void set_metadata(std::string metadata) { committed_.set_metadata(std::move(metadata)); }

  // Gives a partition to a member under a new epoch, which is returned, and tells it. Of a topic
  // that is gone nothing is told: a rebalance will take it away.
  uint64_t Assign(const TopicPartition& place, Partition partition, const std::string& member_id,
                  ChangeReason reason);
  // The same without telling it.
  uint64_t Renew(const TopicPartition& place, Partition partition);
  // Asks the owner to release it, for `next_owner` (or no one).
  void Revoke(const TopicPartition& place, Partition partition, std::string next_owner,
              int64_t deadline_ms);
  // Changes for whom it is being revoked.
  void Redirect(const TopicPartition& place, Partition partition, std::string next_owner);
  // Takes it from its owner, without telling it: to the next owner, if it is being revoked for one
  // that is still there; else to no one, and a rebalance is due.
  void HandOver(const TopicPartition& place, Partition partition);
  // Tells the owner that it has lost the partition.
  void TellLost(const TopicPartition& place, const Partition& partition, ChangeReason reason);
  void DropTopic(const TopicId& id);

  void WantRebalance() { decision_.rebalance = true; }

  Decision Take(Outcome outcome = {});

 private:
  // Of a member that is there at the end; nullptr for any other.
  const Member* FindMember(const std::string& member_id) const;
  std::optional<int64_t> CommittedOf(const TopicPartition& place, const Partition& partition) const;
  void PutOwner(const TopicPartition& place, const Partition& partition);
  internal::GroupRecord& AddRecord();
  void AddRecords();
  void AddEvents();

  const std::string name_;
  const Group& group_;
  const Moment& moment_;
  uint64_t last_assignment_epoch_;
  Decision decision_;

  bool create_ = false;
  absl::btree_map<std::string, Member> put_;
  std::vector<std::pair<std::string, absl::Status>> removed_;
  absl::btree_map<TopicPartition, int64_t> offsets_;  // As they will be.
  internal::OffsetsCommitted committed_;
  internal::OffsetsCommitted moved_;
  internal::OwnersChanged owners_;
  internal::TopicsDropped dropped_;

  using EventKey = std::pair<std::string, ChangeReason>;  // Member id.
  absl::btree_map<EventKey, event::Revoked> lost_;
  absl::btree_map<EventKey, event::Revoked> revoked_;
  absl::btree_map<EventKey, event::Assigned> assigned_;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_DRAFT_H_
