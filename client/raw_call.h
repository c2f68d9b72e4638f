// One streaming call whose messages are bytes: large payloads are neither copied into protobuf
// objects nor out of them. Internal.
//
// Owned and used by one thread, except for `Cancel`. Nothing blocks but the destructor: whatever
// happens raises the owner's `Wakeup`, and the owner looks.

#ifndef LEAT_CLIENT_RAW_CALL_H_
#define LEAT_CLIENT_RAW_CALL_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/wakeup.h"

namespace leat::client {

// A message in two parts; the second is sent from where it lies.
struct RawMessage {
  std::string head;
  std::shared_ptr<const std::string> body;  // Null is empty.
};

class RawCall {
 public:
  // Begins a call of `method`, such as "/leat.v1.LogService/Read".
  RawCall(std::shared_ptr<const Connection> connection, const char* method,
          std::shared_ptr<Wakeup> wakeup, absl::Time deadline = absl::InfiniteFuture());

  // Cancels what is left of the call and waits for its end, which comes at once.
  ~RawCall();

  // False while a message is on its way to the transport, and after the call ended.
  bool CanWrite() const;
  // Sends a message. Requires `CanWrite()`.
  void Write(RawMessage message);
  // Sends a message, the last one. Requires `CanWrite()`.
  void WriteLast(RawMessage message);

  // The next message; nullopt when there is none now. A few are fetched ahead, no more.
  std::optional<std::string> Read();

  // How the call ended; nullopt while it goes on or messages wait to be read.
  std::optional<absl::Status> Ended();

  // Ends the call. Any thread, while the object lives.
  void Cancel();

 private:
  class Reactor;

  const std::unique_ptr<Reactor> reactor_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_RAW_CALL_H_
