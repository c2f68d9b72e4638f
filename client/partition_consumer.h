// A member of a group with a handler for each of its partitions, so that what is kept for one
// partition (a sum, a file, a cache) lives and dies with it.
//
//   leat::client::PartitionConsumer consumer(client, {.group = "sums", .topics = {"orders"}},
//       [](const leat::client::MemberPosition& from) -> leat::client::PartitionHandler {
//         return [sum = LoadSum(from.place)](const leat::client::ConsumeEvent& event) mutable {
//           return Add(event.record, sum);
//         };
//       });
//   absl::Status status = consumer.Run();
//
// Handlers are called on the thread that runs `Run`, one at a time. To share the work of one
// process over threads run one consumer on each.

#ifndef LEAT_CLIENT_PARTITION_CONSUMER_H_
#define LEAT_CLIENT_PARTITION_CONSUMER_H_

#include <functional>
#include <map>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "client/client.h"
#include "client/consume_event.h"
#include "client/consumer.h"

namespace leat::client {

// Handles one event of its partition. An error ends the consumer; the record is not committed.
// Destroyed when the partition is revoked, before its last positions are committed, or lost.
using PartitionHandler = absl::AnyInvocable<absl::Status(const ConsumeEvent&)>;
// Makes the handler of a partition that begins at a position. Never null.
using PartitionHandlerFactory = std::function<PartitionHandler(const MemberPosition&)>;

class PartitionConsumer {
 public:
  PartitionConsumer(Client client, ConsumerOptions options, PartitionHandlerFactory make_handler);

  // Consumes until `Stop`, then leaves: OK. Otherwise the error of a handler, or of
  // `Consumer::Next`. To be called once.
  absl::Status Run();

  // Any thread.
  void Stop() { consumer_.Stop(); }

  // For commits and pauses from within handlers.
  Consumer& consumer() { return consumer_; }

 private:
  class Handlers : public AssignmentListener {
   public:
    explicit Handlers(PartitionHandlerFactory make) : make_(std::move(make)) {}

    void OnAssigned(const std::vector<MemberPosition>& partitions, ChangeReason reason) override;
    void OnRevoked(const std::vector<MemberPosition>& partitions, absl::Duration left) override;
    void OnLost(const std::vector<MemberPosition>& partitions, ChangeReason reason) override;

    absl::Status Handle(const ConsumeEvent& event);

   private:
    const PartitionHandlerFactory make_;
    std::map<TopicPartition, PartitionHandler> handlers_;
  };

  Handlers handlers_;
  Consumer consumer_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_PARTITION_CONSUMER_H_
