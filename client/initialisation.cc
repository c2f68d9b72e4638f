#include "client/initialisation.h"

#include <utility>

#include "absl/time/clock.h"
#include "client/status.h"
#include "leat/v1/log.pb.h"
#include "storage/record/producer_sequence.h"

namespace leat::client {
namespace {

ProducerIdentity IdentityOf(const v1::InitProducerResponse& answer) {
  ProducerIdentity identity{.producer_id = answer.producer_id(),
                            .producer_epoch = answer.producer_epoch()};
  for (const v1::ProducerPartition& partition : answer.partitions()) {
    if (partition.has_error()) {
      identity.unknown.emplace(partition.partition(), FromRpcStatus(partition.error()));
    } else {
      identity.next_sequences[partition.partition()] =
          record::SequenceAfter(partition.last_sequence(), 1);
    }
  }
  return identity;
}

}  // namespace

Initialisation::Initialisation(const std::shared_ptr<const Connection>& connection, TopicName topic,
                               const std::string& producer, std::shared_ptr<Wakeup> wakeup)
    : topic_(std::move(topic)),
      call_(connection, "/leat.v1.LogService/InitProducer", std::move(wakeup),
            absl::Now() + connection->options.call_timeout) {
  v1::InitProducerRequest request;
  request.set_topic(topic_.topic);
  request.set_topic_id(topic_.topic_id);
  request.set_name(producer);
  // Not when it has failed already.
  if (call_.CanWrite()) call_.WriteLast({.head = request.SerializeAsString(), .body = nullptr});
}

std::optional<absl::StatusOr<ProducerIdentity>> Initialisation::Take() {
  if (!answer_.has_value()) answer_ = call_.Read();
  const std::optional<absl::Status> ended = call_.Ended();
  if (!ended.has_value()) return std::nullopt;
  if (!ended->ok()) return absl::StatusOr<ProducerIdentity>(*ended);
  v1::InitProducerResponse answer;
  if (!answer_.has_value() || !answer.ParseFromString(*answer_)) {
    return absl::StatusOr<ProducerIdentity>(
        absl::DataLossError("the answer to InitProducer is malformed"));
  }
  return absl::StatusOr<ProducerIdentity>(IdentityOf(answer));
}

}  // namespace leat::client
