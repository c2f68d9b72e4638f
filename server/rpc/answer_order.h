// Lets the answers of a ProduceStream out in order: two requests that touch one partition are
// answered in the order in which they came.
//
// Owned by a stream and used on its strand only.

#ifndef LEAT_SERVER_RPC_ANSWER_ORDER_H_
#define LEAT_SERVER_RPC_ANSWER_ORDER_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/cord.h"
#include "server/broker/calls.h"

namespace leat::rpc {

// A partition by its topic's name: topics that do not exist have places too.
struct PartitionPlace {
  std::string topic;
  uint32_t partition = 0;

  friend auto operator<=>(const PartitionPlace&, const PartitionPlace&) = default;
};

// Keeps the appends of a stream to one partition in order when one of them fails.
struct ProduceLane : broker::AppendLane {
  // The first that failed, and what waits to name it. The stream's, like all of this file.
  std::optional<uint64_t> failed_request;
  std::vector<absl::AnyInvocable<void() &&>> behind;
};

class AnswerOrder {
 public:
  // A request that was not answered yet.
  struct Entry {
    std::vector<PartitionPlace> places;
    size_t blocked_in = 0;  // Lanes in which another entry is first.
    std::optional<absl::Cord> answer;
  };

  // `send` gets each answer when its turn has come.
  explicit AnswerOrder(std::function<void(absl::Cord)> send) : send_(std::move(send)) {}

  // A request that touches these partitions, each named once. Its answer follows those of earlier
  // requests for any of them.
  Entry* Enter(std::vector<PartitionPlace> places);

  // The request's answer. `entry` is gone afterwards. Sends it, and those that waited for it, or
  // keeps it.
  void Answer(Entry* entry, absl::Cord answer);

  // The lane of appends to `place`, for a request that was entered there: the same one as long as
  // requests for it are under way.
  std::shared_ptr<ProduceLane> LaneOf(const PartitionPlace& place);

  // After a failure: appends from now on are no longer held up by it.
  void RenewLane(const PartitionPlace& place);

  // Requests entered and not yet sent.
  size_t size() const { return entries_.size(); }
  // Of the answers that wait for others.
  size_t held_bytes() const { return held_bytes_; }

 private:
  struct Lane {
    std::deque<Entry*> entries;
    std::shared_ptr<ProduceLane> appends;
  };

  void Send(Entry* entry, std::vector<Entry*>* freed);

  std::function<void(absl::Cord)> send_;
  std::map<Entry*, std::unique_ptr<Entry>> entries_;
  std::map<PartitionPlace, Lane> lanes_;
  size_t held_bytes_ = 0;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_ANSWER_ORDER_H_
