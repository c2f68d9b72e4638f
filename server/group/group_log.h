// Keeps the groups of one partition of `__groups` durably: takes commands, writes what they decide,
// and tells members and callers what is durable.
//
// Owned by one shard; its thread only. Commands take effect for later commands at once, in the
// order of the log; what follows from them is told when they are durable, so that any number of
// them share a flush. When a write fails everything not yet told is answered with an error, the
// streams of all members are closed (UNAVAILABLE: they resume), and the groups are read anew from
// the log. Where the write was refused, as by a full disk, the log is then left alone for a while,
// longer each time: callers get the same refusal, rebalances wait.
//
// The life of a stream: `Join` with its channel; commands that name its `MemberRef`, as told by
// `event::Joined`; `StreamLost` when it breaks, unless `event::Closed` came first.

#ifndef LEAT_SERVER_GROUP_GROUP_LOG_H_
#define LEAT_SERVER_GROUP_GROUP_LOG_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/group/group_command.h"
#include "server/group/group_journal.h"
#include "server/group/group_loader.h"
#include "server/group/group_sessions.h"
#include "server/group/group_state.h"
#include "server/group/record_log.h"
#include "server/group/timers.h"

namespace leat::group {

class GroupLog {
 public:
  struct Options {
    GroupLimits limits;
    // Joins, departures and changes of topics within this time make one rebalance.
    int64_t rebalance_delay_ms = 100;
    // A group without members and commits for so long is deleted.
    int64_t offset_retention_ms = int64_t{7} * 24 * 60 * 60 * 1'000;
    int64_t expiry_interval_ms = 10 * 60 * 1'000;
    // A snapshot is due when more than this, and more than four times the last snapshot, was
    // written since; or when the log has grown by eight times this on the disk, where small changes
    // take a block each.
    uint64_t snapshot_interval_bytes = 4 << 20;
  };

  // What it needs of others, who outlive it.
  struct Surroundings {
    Timers* timers = nullptr;
    const TopicCatalogue* topics = nullptr;
    std::function<std::string()> new_member_id;  // Random and unguessable, of at most 64 bytes.
    // Groups of the server: each log counts its own in. Logs of several threads may make one each
    // where there is room for one.
    std::atomic<size_t>* group_count = nullptr;
  };

  using Done = absl::AnyInvocable<void(absl::Status) &&>;
  using Answer = absl::AnyInvocable<void(absl::StatusOr<Outcome>) &&>;
  template <typename T>
  using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

  GroupLog(std::unique_ptr<RecordLog> log, Surroundings surroundings, const Options& options);
  ~GroupLog();

  // Reads the groups; to be called first, once. DATA_LOSS naming the offset when the records make
  // no sense.
  void Load(Done done);

  // The server takes calls: sessions of members that have not come back begin to run out, and
  // rebalances move partitions that have an owner. To be called once; groups that are being read
  // follow when they are.
  void Start();

  // A stream joins; its channel is told: Joined and what follows, or Closed with why not. Errors:
  // those of `command::Join`, kDiskFull, kServerStarting (read anew), kServerStopping,
  // kAppendOutcomeUnknown (a retry may make a second member, which its session timeout removes),
  // kPartitionOffline (until the server was restarted). May call `channel` before it returns.
  void Join(command::Join command, const std::shared_ptr<MemberChannel>& channel);

  // Any command but a join. `done` once what it is answered is durable; perhaps before this
  // returns. Errors: those of the command and those of `Join`.
  void Submit(const GroupCommand& command, Answer done);

  // The stream broke. Nothing happens when the member goes on on another one.
  void StreamLost(const MemberRef& member);

  // A topic was made, changed or deleted; the catalogue says so already.
  void OnTopicChanged(const TopicId& id, std::string_view name);

  // The group as it is durably. kGroupNotFound, kServerStarting, kServerStopping.
  void Describe(const std::string& name, Callback<Group> done);

  // Groups whose names begin with `prefix` and come after `after`, in order, at most `limit`.
  void List(const std::string& prefix, const std::string& after, size_t limit,
            Callback<std::vector<GroupSummary>> done);

  // Whether a member has a stream now.
  bool IsAttached(const std::string& group, const std::string& member_id) const;

  // Refuses what comes, lets what is under way end, ends all streams (kServerStopping) and closes
  // the log.
  void Close(Done done);

 private:
  using Deliveries = std::vector<std::pair<std::shared_ptr<MemberChannel>, MemberEvent>>;

  void ReadOn(int64_t from);
  void EndLoad(absl::Status status);
  void OnWriteFailed(const absl::Status& status);

  void BackOff(absl::Status refused);
  void OnWritten();

  // OK, or why nothing can be done now.
  absl::Status Refusal() const;
  // The same for what can wait.
  absl::Status RefusalOfCall() const;
  void Execute(const GroupCommand& command, std::shared_ptr<MemberChannel> channel, Answer done);
  // Makes a decision the state, and sends it on its way to the log.
  void Enact(const std::string& group, Decision decision, std::shared_ptr<MemberChannel> channel,
             Answer done);
  Deliveries Address(const std::string& group,
                     std::vector<std::pair<std::string, MemberEvent>> events,
                     const std::shared_ptr<MemberChannel>& channel);
  void Tell(const std::string& group, Deliveries deliveries);

  void CountGroups();
  void WantRebalance(const std::string& group);
  absl::flat_hash_set<std::string> MembersAway(const std::string& name) const;
  void ExpectRelease(const std::string& group, std::vector<Assignment> assignments,
                     int64_t deadline_ms);
  void BeginTimes();
  void ScheduleExpiry();
  void ExpireGroups(int64_t wall_before_ms, int64_t monotonic_before_ms);
  void CancelTimers();
  void After(int64_t delay_ms, absl::AnyInvocable<void() &&> task);

  std::unique_ptr<RecordLog> log_;
  const Surroundings surroundings_;
  const Options options_;

  std::optional<GroupLoader> loader_;  // While loading.
  Done loaded_;
  std::optional<GroupState> state_;  // From then on.
  size_t counted_ = 0;               // Of `Surroundings::group_count`: the groups of `state_`.
  GroupJournal journal_;
  GroupSessions sessions_;

  bool started_ = false;
  bool closing_ = false;
  absl::Status offline_;              // Why the log takes no more writes; OK while it does.
  absl::Status refused_;              // The last write, while none has succeeded since.
  int64_t pause_ms_ = 0;              // For so long the log is left alone after that,
  int64_t pause_end_ms_ = INT64_MIN;  // until then.

  absl::flat_hash_map<std::string, TimerId> rebalances_;  // By group: those that are due.
  absl::flat_hash_map<uint64_t, TimerId> timers_;         // Of revocations and expiry.
  uint64_t last_timer_ = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_LOG_H_
