// Topics of benchmarks that keep them while servers come and go. Blocking.

#ifndef LEAT_BENCH_PROGRAMS_TOPICS_H_
#define LEAT_BENCH_PROGRAMS_TOPICS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "client/admin.h"
#include "client/client.h"

namespace leat::bench {

inline absl::Status CreateTopic(const std::string& server, const std::string& topic,
                                uint32_t partition_count = 1) {
  v1::CreateTopicRequest request;
  request.set_topic(topic);
  request.set_partition_count(partition_count);
  return client::Admin(client::Client::Connect({.target = server})).CreateTopic(request).status();
}

inline absl::Status DeleteTopic(const std::string& server, const std::string& topic) {
  v1::DeleteTopicRequest request;
  request.set_topic(topic);
  return client::Admin(client::Client::Connect({.target = server})).DeleteTopic(request);
}

}  // namespace leat::bench

#endif  // LEAT_BENCH_PROGRAMS_TOPICS_H_
