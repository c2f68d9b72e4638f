#include "server/group/group_sessions.h"

namespace leat::group {

GroupSessions::Channel GroupSessions::Attach(const MemberRef& member, Channel channel) {
  Session& session = sessions_[{member.group, member.member_id}];
  timers_->Cancel(std::exchange(session.timer, 0));
  session.member_epoch = member.member_epoch;
  return std::exchange(session.channel, std::move(channel));
}

bool GroupSessions::Detach(const MemberRef& member) {
  auto found = sessions_.find({member.group, member.member_id});
  if (found == sessions_.end() || found->second.member_epoch != member.member_epoch) return false;
  return std::exchange(found->second.channel, nullptr) != nullptr;
}

GroupSessions::Channel GroupSessions::Remove(const std::string& group,
                                             const std::string& member_id) {
  auto found = sessions_.find({group, member_id});
  if (found == sessions_.end()) return nullptr;
  timers_->Cancel(found->second.timer);
  Channel channel = std::move(found->second.channel);
  sessions_.erase(found);
  return channel;
}

void GroupSessions::Await(const MemberRef& member, int64_t timeout_ms) {
  Session& session = sessions_[{member.group, member.member_id}];
  if (session.channel != nullptr || session.timer != 0) return;
  session.member_epoch = member.member_epoch;
  session.timer = timers_->After(timeout_ms, [this, member] {
    sessions_.erase({member.group, member.member_id});
    expire_(member);
  });
}

GroupSessions::Channel GroupSessions::Find(const std::string& group,
                                           const std::string& member_id) const {
  auto found = sessions_.find({group, member_id});
  return found == sessions_.end() ? nullptr : found->second.channel;
}

std::vector<GroupSessions::Channel> GroupSessions::Clear() {
  std::vector<Channel> channels;
  for (auto& [key, session] : sessions_) {
    timers_->Cancel(session.timer);
    if (session.channel != nullptr) channels.push_back(std::move(session.channel));
  }
  sessions_.clear();
  return channels;
}

}  // namespace leat::group
