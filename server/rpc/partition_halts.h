// Which partitions a ProduceStream takes no more requests for, because an earlier one failed: what
// was sent behind it must not overtake it.
//
// Owned by a stream and used on its strand only.

#ifndef LEAT_SERVER_RPC_PARTITION_HALTS_H_
#define LEAT_SERVER_RPC_PARTITION_HALTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/rpc/answer_order.h"

namespace leat::rpc {

// kEarlierRequestFailed, naming the request.
absl::Status EarlierRequestFailed(uint64_t request_id);
bool IsEarlierRequestFailed(const absl::Status& status);

class PartitionHalts {
 public:
  // A request for `partition` of `topic` failed; nullopt when it is not known which one it was for:
  // then all of the topic's are halted. What is halted already stays so under its first id.
  void Halt(const std::string& topic, std::optional<uint32_t> partition, uint64_t request_id);

  // The same when not even the topic is known: halts everything.
  void HaltAll(uint64_t request_id);

  // The client has seen that `request_id` failed and goes on: nothing is halted on its account any
  // more.
  void Resume(uint64_t request_id);

  // kEarlierRequestFailed when halted, naming the request. Without a partition: whether the whole
  // topic is.
  absl::Status Check(const std::string& topic, std::optional<uint32_t> partition) const;

 private:
  std::map<PartitionPlace, uint64_t> partitions_;
  std::map<std::string, uint64_t> topics_;
  std::optional<uint64_t> everything_;  // Once there are too many to tell apart.
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PARTITION_HALTS_H_
