#include "client/partition_consumer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace leat::client {

void PartitionConsumer::Handlers::OnAssigned(const std::vector<MemberPosition>& partitions,
                                             ChangeReason) {
  for (const MemberPosition& position : partitions) {
    handlers_.erase(position.place);
    handlers_.emplace(position.place, make_(position));
  }
}

void PartitionConsumer::Handlers::OnRevoked(const std::vector<MemberPosition>& partitions,
                                            absl::Duration) {
  for (const MemberPosition& position : partitions) handlers_.erase(position.place);
}

void PartitionConsumer::Handlers::OnLost(const std::vector<MemberPosition>& partitions,
                                         ChangeReason) {
  for (const MemberPosition& position : partitions) handlers_.erase(position.place);
}

absl::Status PartitionConsumer::Handlers::Handle(const ConsumeEvent& event) {
  return handlers_.at({std::string(event.topic), event.partition})(event);
}

PartitionConsumer::PartitionConsumer(Client client, ConsumerOptions options,
                                     PartitionHandlerFactory make_handler)
    : handlers_(std::move(make_handler)),
      consumer_(std::move(client), std::move(options), &handlers_) {}

absl::Status PartitionConsumer::Run() {
  while (true) {
    const absl::StatusOr<ConsumeEvent> event = consumer_.Next();
    if (absl::IsCancelled(event.status())) return consumer_.Close();
    absl::Status status = event.ok() ? handlers_.Handle(*event) : event.status();
    if (status.ok()) continue;
    // What went wrong first says more than what comes of it.
    consumer_.Close().IgnoreError();
    return status;
  }
}

}  // namespace leat::client
