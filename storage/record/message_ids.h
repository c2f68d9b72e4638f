// Message ids: a header by which records are known again on topics that remember them, and what it
// takes to leave out of a batch the records that are in the log already.
//
// Bytes only; any thread.

#ifndef LEAT_STORAGE_RECORD_MESSAGE_IDS_H_
#define LEAT_STORAGE_RECORD_MESSAGE_IDS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/record/batch.h"
#include "storage/record/fingerprint.h"
#include "storage/record/record_set.h"

namespace leat::record {

// Its value is the record's id: any bytes.
inline constexpr std::string_view kMessageIdHeader = "leat-message-id";

// The id among a record's headers; nullopt when there is none. kInvalidRecords when it is empty, or
// there are several.
absl::StatusOr<std::optional<std::string_view>> FindMessageId(
    const std::vector<HeaderView>& headers);

// A record of a set with ids.
struct IdentifiedRecord {
  std::optional<Fingerprint> id;
  uint32_t end = 0;  // Where its element ends in the set; the next one begins there.
  int64_t timestamp_delta_ms = 0;
};
using IdentifiedRecords = std::vector<IdentifiedRecord>;

// The records of a dense set that was checked; empty when none has an id. Errors as for
// `FindMessageId`.
absl::StatusOr<IdentifiedRecords> IdentifyRecords(std::string_view set);

// An uncompressed batch, of `records`, without those that are marked in `left_out`: dense, and at
// least one. Shares the memory of its payload.
Batch LeaveOut(const Batch& batch, const IdentifiedRecords& records,
               const std::vector<bool>& left_out);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_MESSAGE_IDS_H_
