// How to reach a server. Plain values.

#ifndef LEAT_CLIENT_OPTIONS_H_
#define LEAT_CLIENT_OPTIONS_H_

#include <string>

#include "absl/time/time.h"

namespace leat::client {

inline constexpr char kDefaultTarget[] = "127.0.0.1:7450";

struct ClientOptions {
  // "host:port", or "unix:/path/of/socket".
  std::string target = kDefaultTarget;
  // How long a call that answers once may take. Streams have no deadline.
  absl::Duration call_timeout = absl::Seconds(30);
  // A connection that carries calls is pinged this often, and given up when the answer is so late.
  absl::Duration keepalive_interval = absl::Seconds(20);
  absl::Duration keepalive_timeout = absl::Seconds(20);
  // Largest message taken from the server, in bytes. Whole batches and one record may need it.
  int max_receive_bytes = 64 << 20;
  // Largest HTTP/2 frame, in bytes: with gRPC's default of 16 KiB large batches cost twice the CPU.
  int max_frame_bytes = 4 << 20;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_OPTIONS_H_
