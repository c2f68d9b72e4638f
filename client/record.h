// What a producer takes and what it answers. Plain values.

#ifndef LEAT_CLIENT_RECORD_H_
#define LEAT_CLIENT_RECORD_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "client/status.h"
#include "storage/record/record_set.h"

namespace leat::client {

// A record to be sent. Its bytes are copied by the call that takes it.
struct OutgoingRecord {
  // Null is not empty.
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  // In this order; names may repeat.
  std::vector<record::HeaderView> headers;
  // Milliseconds since 1970-01-01 UTC. Unset: now.
  std::optional<int64_t> timestamp_ms;
  // Unset: by key; records without one go batch by batch to partitions by turns.
  std::optional<uint32_t> partition;
};

// What became of one record.
struct SendResult {
  absl::Status status;
  AppendOutcome outcome = AppendOutcome::kNotAppended;
  // Where it lies; of meaning when it was appended.
  uint32_t partition = 0;
  int64_t offset = 0;
  // The server's clock at the append.
  int64_t append_timestamp_ms = 0;
  // It was in the log before.
  bool duplicate = false;
};

// Called once for each record that `Producer::Send` took, on the producer's thread: it must be
// short and may not wait for the producer.
using SendCallback = absl::AnyInvocable<void(const SendResult&) &&>;

}  // namespace leat::client

#endif  // LEAT_CLIENT_RECORD_H_
