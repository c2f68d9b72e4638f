// A connection to a Leat server. Copies are cheap and share the connection; it closes with the last
// copy, `Admin`, `Producer` or `Reader` made from it. Any thread.
//
//   leat::client::Client client = leat::client::Client::Connect({.target = "127.0.0.1:7450"});
//   leat::client::Producer producer(client, {});
//   leat::client::SendResult sent = producer.SendAndWait("orders", {.key = "42", .value = "paid"});
//
// A program that uses this library calls
// `absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore)` first in its main where
// Abseil was built without NDEBUG, as Debian's is: the detector takes a global lock with each lock
// of gRPC.

#ifndef LEAT_CLIENT_CLIENT_H_
#define LEAT_CLIENT_CLIENT_H_

#include <memory>

#include "client/options.h"

namespace leat::client {

struct Connection;

class Client {
 public:
  // Returns at once: the connection is made by the first call, and again after it was lost. An
  // unreachable server shows as UNAVAILABLE from that call.
  static Client Connect(ClientOptions options = {});

  const ClientOptions& options() const;

  // For the rest of this library.
  const std::shared_ptr<const Connection>& connection() const { return connection_; }

 private:
  explicit Client(std::shared_ptr<const Connection> connection);

  std::shared_ptr<const Connection> connection_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_CLIENT_H_
