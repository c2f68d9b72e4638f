// A producer asks for its id and epoch in a topic, while it goes on with others. Internal.
//
// Owned and used by the producer's thread. Nothing blocks; the wakeup is raised when there is an
// answer. Destroyed before, it is cancelled: whether the epoch was raised is not known then, and
// asking again raises it once more.

#ifndef LEAT_CLIENT_INITIALISATION_H_
#define LEAT_CLIENT_INITIALISATION_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/outbox.h"
#include "client/raw_call.h"
#include "client/wakeup.h"

namespace leat::client {

class Initialisation {
 public:
  // Asks for what `producer` is in `topic`.
  Initialisation(const std::shared_ptr<const Connection>& connection, TopicName topic,
                 const std::string& producer, std::shared_ptr<Wakeup> wakeup);

  const TopicName& topic() const { return topic_; }

  // The answer, or why there is none; nullopt before. To be asked for until then, and not after.
  std::optional<absl::StatusOr<ProducerIdentity>> Take();

 private:
  const TopicName topic_;
  std::optional<std::string> answer_;
  RawCall call_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_INITIALISATION_H_
