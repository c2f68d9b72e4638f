// What a reader reads: the partitions, each from an offset to an offset. Positions become offsets
// once, at the beginning, so that a read that goes on after a lost connection means what it meant.
// Any thread; each call blocks.

#ifndef LEAT_CLIENT_READ_PLAN_H_
#define LEAT_CLIENT_READ_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/admin.h"
#include "client/position.h"

namespace leat::client {

struct PlannedPartition {
  uint32_t partition = 0;
  int64_t next_offset = 0;
  std::optional<int64_t> end_offset;  // Exclusive. Unset: never.
  int64_t high_watermark = 0;
  // Why it ends at `end_offset` instead of where it was asked to.
  absl::Status damage;
  std::optional<int64_t> asked_end_offset;  // While there is damage.
  bool ended = false;                       // Whether its end was told.

  // Whether all that was asked for was delivered or passed over.
  bool done() const { return end_offset.has_value() && next_offset >= *end_offset; }
};

struct ReadPlan {
  std::string topic_id;
  std::vector<PlannedPartition> partitions;
  // Whether the start was named as an offset, which is an error when it cannot be read; any other
  // start moves with the log start.
  bool exact_start = false;
};

// Asks the server where `start` and `end` are. `partitions` empty: all there are now.
absl::StatusOr<ReadPlan> PlanRead(const Admin& admin, std::string_view topic,
                                  const std::vector<uint32_t>& partitions, Position start,
                                  std::optional<Position> end);

}  // namespace leat::client

#endif  // LEAT_CLIENT_READ_PLAN_H_
