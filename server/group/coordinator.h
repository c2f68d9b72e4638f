// All groups of this server, behind calls that any thread may make.
//
// Implemented by whoever wires the server, on a `GroupLog` for each log of `__groups`; outlives
// every stream and call. A call posts to the thread of the group concerned and returns at once. Its
// callback runs exactly once, on that thread, and must be short: it may not block, call gRPC, or
// destroy the coordinator. Calls about one group that one thread makes are executed in order.
//
// Errors besides those of each command: kServerStopping (nothing was done), kDiskFull,
// kAppendOutcomeUnknown (repeat it), kPartitionOffline (the group's log takes no writes until the
// server has been restarted), kLogCorrupt (the group's log is damaged; groups of other logs work).

#ifndef LEAT_SERVER_GROUP_COORDINATOR_H_
#define LEAT_SERVER_GROUP_COORDINATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/group/group.h"
#include "server/group/group_command.h"
#include "server/group/member_channel.h"

namespace leat::group {

// A group at one moment: everything in it is durable.
struct GroupDescription {
  std::string name;
  Group group;
  absl::btree_set<std::string> connected;  // Ids of the members that have a stream.
};

class Coordinator {
 public:
  template <typename T>
  using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

  virtual ~Coordinator() = default;

  // --- Members ---

  // Makes `channel` the stream of a member: it gets `Joined` and what follows, or `Closed` alone.
  // It is told on the group's thread, or in the caller's when the server is stopping.
  virtual void Join(command::Join join, std::shared_ptr<MemberChannel> channel) = 0;

  // The stream of the member broke: from now on it has its session timeout to come back. To be
  // called unless `Closed` came first; for a stream that broke before `Joined`, once that has come.
  virtual void StreamLost(MemberRef member) = 0;

  // --- Commands ---

  // Executes a command of a member (`Leave`, `Release`, `Commit`, `StartAt`, `SeekMember`) or of a
  // call (`Commit`, `SeekGroup`, `DeleteGroup`): durable, and told to the members concerned, when
  // `done` runs.
  virtual void Submit(GroupCommand command, Callback<Outcome> done) = 0;

  // --- Looking ---

  // kGroupNotFound.
  virtual void Describe(std::string group, Callback<GroupDescription> done) = 0;

  // Up to `limit` groups whose names begin with `prefix` and come after `after`, in byte order.
  // `done` runs on some group's thread. Fails when one log of groups cannot be read, lest a list
  // that lacks some looks whole.
  virtual void List(std::string prefix, std::string after, size_t limit,
                    Callback<std::vector<GroupSummary>> done) = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_COORDINATOR_H_
