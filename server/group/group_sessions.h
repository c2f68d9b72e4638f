// Which members have a stream, and how long those without are waited for.
//
// Owned by `GroupLog`; its thread only. Nothing of it is durable: after a restart no member has a
// stream.

#ifndef LEAT_SERVER_GROUP_GROUP_SESSIONS_H_
#define LEAT_SERVER_GROUP_GROUP_SESSIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/group/group_command.h"
#include "server/group/member_channel.h"
#include "server/group/timers.h"

namespace leat::group {

class GroupSessions {
 public:
  using Channel = std::shared_ptr<MemberChannel>;

  // `expire` runs when a member was without a stream for its session timeout.
  GroupSessions(Timers* timers, std::function<void(MemberRef)> expire)
      : timers_(timers), expire_(std::move(expire)) {}
  ~GroupSessions() { Clear(); }

  // The member goes on on `channel`. Returns the one that it had, or nullptr.
  Channel Attach(const MemberRef& member, Channel channel);

  // The stream of the member is lost. False when it goes on on another one already.
  bool Detach(const MemberRef& member);

  // The member is no more. Returns the channel that it had, or nullptr.
  Channel Remove(const std::string& group, const std::string& member_id);

  // Begins to wait for a member, unless it has a stream or is waited for already.
  void Await(const MemberRef& member, int64_t timeout_ms);

  // nullptr when it has none.
  Channel Find(const std::string& group, const std::string& member_id) const;

  // Forgets all; returns the channels there were.
  std::vector<Channel> Clear();

 private:
  using Key = std::pair<std::string, std::string>;  // Group, member id.

  struct Session {
    uint64_t member_epoch = 0;
    Channel channel;
    TimerId timer = 0;
  };

  Timers* const timers_;
  const std::function<void(MemberRef)> expire_;
  absl::flat_hash_map<Key, Session> sessions_;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_SESSIONS_H_
