// A client in a group: owns partitions, handles records, commits. It may be slow, and it may lie.
//
// Lives as long as the simulation; its streams come and go.

#ifndef LEAT_TESTS_SERVER_GROUP_SIMULATED_MEMBER_H_
#define LEAT_TESTS_SERVER_GROUP_SIMULATED_MEMBER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "server/group/group_log.h"
#include "tests/server/group/group_model.h"
#include "tests/server/group/simulated_world.h"

namespace leat::group {

class SimulatedMember {
 public:
  SimulatedMember(std::string group, std::string instance_id, Subscription subscription,
                  GroupModel* model, std::mt19937_64* random);

  SimulatedMember(const SimulatedMember&) = delete;
  SimulatedMember& operator=(const SimulatedMember&) = delete;

  // Joins, or goes on with its membership if it has one.
  void Join(GroupLog& log);
  void Leave(GroupLog& log);
  // The stream breaks; `log` is nullptr when the server broke with it.
  void LoseStream(GroupLog* log);
  // Of streams that broke before they were told of their membership. nullptr as above.
  void TellLateLosses(GroupLog* log);

  // Handles a few records of one of its partitions.
  void Work();
  void Commit(GroupLog& log);
  // Releases what it is to release.
  void Release(GroupLog& log);
  void SeekBack(GroupLog& log);
  // Asks for something that is not its to ask.
  void Lie(GroupLog& log);

  bool has_stream() const { return channel_ != nullptr; }
  bool joined() const { return has_stream() && ref_.member_epoch != 0 && told_joined_; }
  // Ended for good: another stream has its place, or it left.
  bool over() const { return over_; }
  const std::string& group() const { return group_; }
  const std::string& instance_id() const { return instance_id_; }
  const std::string& id() const { return ref_.member_id; }
  bool stalled = false;

 private:
  struct Owned {
    uint64_t epoch = 0;
    int64_t next = 0;      // To handle.
    bool started = false;  // `next` is known.
    bool revoked = false;
    bool seeking = false;  // Nothing is handled until the answer.
  };

  void OnEvent(const MemberChannel* from, const std::string& member_id, const MemberEvent& event);
  void On(const event::Joined& event);
  void On(const event::Assigned& event);
  void On(const event::Revoked& event);
  void On(const event::Closed& event);

  Position PositionOf(const TopicPartition& place, const Owned& owned) const;
  // A random partition that it believes to own; end when there is none.
  std::map<TopicPartition, Owned>::iterator Any();
  // Sends positions and tells the model how it went. `when_done` may be empty.
  void Send(GroupLog& log, GroupCommand command, const std::vector<Position>& positions,
            std::function<void(const Position&, const PositionResult&)> when_done);
  void StartAll(GroupLog& log);

  const std::string group_;
  const std::string instance_id_;
  const Subscription subscription_;
  GroupModel* const model_;
  std::mt19937_64* const random_;

  std::shared_ptr<RecordingChannel> channel_;
  std::vector<MemberRef> late_;
  bool told_joined_ = false;  // On this stream.
  MemberRef ref_;             // The member id is empty when it has no membership.
  bool over_ = false;
  std::map<TopicPartition, Owned> owned_;
  std::vector<Position> once_owned_;  // To lie about.
};

}  // namespace leat::group

#endif  // LEAT_TESTS_SERVER_GROUP_SIMULATED_MEMBER_H_
