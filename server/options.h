// Settings of the server. Each has a key in the configuration file, an environment variable and a
// flag: see `config.h`, where they are listed, explained and checked. Plain values.

#ifndef LEAT_SERVER_OPTIONS_H_
#define LEAT_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace leat::server {

struct ServerOptions {
  std::string data_dir = "leat-data";
  // HOST:PORT or unix:PATH. Port 0 takes any free one.
  std::vector<std::string> listen = {"127.0.0.1:7450"};
  absl::Duration drain_timeout = absl::Seconds(10);

  std::string io_backend = "auto";
  uint32_t shards = 0;
  uint64_t min_free_bytes = uint64_t{256} << 20;
  absl::Duration retention_interval = absl::Seconds(30);
  absl::Duration checkpoint_interval = absl::Seconds(1);
  absl::Duration compaction_interval = absl::Seconds(30);
  uint64_t compaction_key_bytes = uint64_t{64} << 20;
  uint64_t compaction_bytes_per_second = uint64_t{32} << 20;
  absl::Duration producer_expiry = absl::Hours(24 * 7);

  uint64_t max_message_bytes = 4 << 20;
  uint32_t max_topics = 10'000;
  uint32_t max_producers_per_topic = 10'000;
  uint32_t max_partitions_per_topic = 1'024;
  uint32_t max_calls = 10'000;
  uint32_t max_streams_per_connection = 1'000;
  uint64_t produce_in_flight_bytes = uint64_t{256} << 20;
  uint64_t read_in_flight_bytes = uint64_t{256} << 20;
  uint64_t grpc_memory_bytes = uint64_t{1} << 30;

  absl::Duration revocation_deadline = absl::Seconds(60);

  std::string log_level = "info";
  std::string log_format = "text";

  friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

}  // namespace leat::server

#endif  // LEAT_SERVER_OPTIONS_H_
