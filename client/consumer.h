// A member of a consumer group: shares the partitions of topics with the other members, and reads
// its own.
//
// Owned by the caller, used by one thread at a time, except for `Stop`. Nothing happens between
// calls but that up to a window of records arrives, so a member that works on a record for long
// needs no timer; it must come back to `Next` within the processing timeout, and within the
// deadline of the server when partitions are revoked, or it loses them. A lost connection is made
// again by itself, and the partitions are kept if that succeeds within the session timeout.
//
// Every record is delivered at least once over all members of the group: those after the committed
// offset again, when a member is lost. A record counts as handled once `Next` or `Commit` is called
// after it was returned.
//
//   leat::client::Consumer consumer(client, {.group = "billing", .topics = {"orders"}});
//   while (true) {
//     absl::StatusOr<leat::client::ConsumeEvent> event = consumer.Next();
//     if (!event.ok()) break;  // CANCELLED after `Stop`.
//     if (event->kind == leat::client::ConsumeEvent::Kind::kRecord) Use(event->record);
//   }
//   consumer.Close();

#ifndef LEAT_CLIENT_CONSUMER_H_
#define LEAT_CLIENT_CONSUMER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "client/consume_event.h"
#include "client/position.h"

namespace leat::client {

struct ConsumerOptions {
  std::string group;
  // By name, and by pattern: RE2, must match the whole name. Topics that are made later are taken
  // up.
  std::vector<std::string> topics;
  std::vector<std::string> topic_patterns;
  // Makes a static member: a restart within the session timeout keeps its partitions. Two members
  // must not have the same.
  std::string instance_id;
  // For people who look at the group.
  std::string client_name;
  // Where to begin in partitions without a committed offset: earliest, latest, a time, or so many
  // records before the end.
  Position start = Position::Earliest();

  // Records that are with this member and were not returned by `Next` yet, at most; one record may
  // exceed it. 0 records is no limit. Paused partitions may hold as much each.
  int64_t window_bytes = 8 << 20;
  int64_t window_records = 0;
  // Largest chunk in bytes; 0 leaves it to the server.
  uint32_t max_chunk_bytes = 0;

  // How long partitions are kept for a member that was lost, and how long it may hold records
  // without calling `Next`; 0 leaves it to the server.
  absl::Duration session_timeout;
  absl::Duration processing_timeout;

  // Whether what was handled is committed without being asked: after each interval, before
  // partitions are given back, and by `Close`.
  enum class CommitMode { kAuto, kManual } commit = CommitMode::kAuto;
  absl::Duration auto_commit_interval = absl::Seconds(1);

  // What becomes of records that are here already when their partition is revoked: returned by
  // `Next` before it is given back, as time allows, or left to the next owner.
  enum class HandOver { kDeliver, kDrop } hand_over = HandOver::kDeliver;

  // How long a server that was lost is waited for before `Next` fails with its error. A first
  // connection is not waited for.
  absl::Duration retry_timeout = absl::InfiniteDuration();
};

class Consumer {
 public:
  // Does nothing yet: the member joins with the first `Next`. `listener` may be null; else it
  // outlives the consumer.
  Consumer(const Client& client, ConsumerOptions options, AssignmentListener* listener = nullptr);
  // As a crash: what is not committed comes again, and the partitions wait for the session timeout.
  // `Close` first.
  ~Consumer();

  // The next event. Blocks for at most `timeout`, then DEADLINE_EXCEEDED: call again. CANCELLED
  // after `Stop`. Any other error is final, and returned again: kInstanceReplaced (another member
  // has this instance id; do not join again by yourself), kInvalidField, kLimitReached, or why the
  // server could not be reached.
  absl::StatusOr<ConsumeEvent> Next(absl::Duration timeout = absl::InfiniteDuration());

  // Whether records are at hand, so that `Next` does not wait.
  bool HasRecords() const;

  // Commits everything handled so far, or given positions. Returns at once; `callback` (may be
  // null) is called when it is durable, or cannot be. A lost connection delays it. Commits that
  // follow closely are sent together. Safe to repeat.
  void Commit(CommitCallback callback = nullptr);
  void Commit(const std::vector<MemberPosition>& positions, CommitCallback callback = nullptr);
  // The same, and waits. DEADLINE_EXCEEDED: it may still come to pass.
  CommitResult CommitAndWait(absl::Duration timeout = absl::Seconds(30));
  CommitResult CommitAndWait(const std::vector<MemberPosition>& positions,
                             absl::Duration timeout = absl::Seconds(30));

  // Stops and goes on with the delivery of partitions that the member has; those that it has not
  // are passed over. A partition that is assigned anew is not paused.
  void Pause(const std::vector<TopicPartition>& partitions);
  void Resume(const std::vector<TopicPartition>& partitions);

  // Goes to another place, and moves the committed offset there, also back. When this returns OK
  // nothing from before follows. kFencedMemberEpoch (not this member's), kOffsetOutOfRange,
  // UNAVAILABLE or DEADLINE_EXCEEDED (it may have been done).
  absl::Status Seek(const TopicPartition& partition, Position to,
                    absl::Duration timeout = absl::Seconds(30));

  // The partitions that the member has, with what was handled of each.
  std::vector<MemberPosition> Assignment() const;

  // What becomes of the membership: given up, or kept for the session timeout, so that the same
  // instance id finds its partitions again.
  enum class Departure { kLeave, kKeepPlace };

  // Tells the listener that all is revoked, commits what was handled (with auto commit; else what
  // `Commit` was called for), and ends the membership. Waits for at most `timeout`; an error tells
  // that commits may be missing. `Next` fails ever after.
  absl::Status Close(Departure departure = Departure::kLeave,
                     absl::Duration timeout = absl::Seconds(10));

  // Makes `Next` return CANCELLED, now and ever after. Any thread.
  void Stop();

 private:
  class Impl;

  const std::unique_ptr<Impl> impl_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_CONSUMER_H_
