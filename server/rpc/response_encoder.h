// Writes `leat.v1.ReadResponse` and `leat.v1.FetchResponse` by hand, so that records go out as the
// bytes they are, in the memory where they lie. The result is what the protobuf library would
// write, byte for byte.
//
// Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_RESPONSE_ENCODER_H_
#define LEAT_SERVER_RPC_RESPONSE_ENCODER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/strings/cord.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::rpc {

// What every event says.
struct EventPlace {
  std::string_view topic_id;  // Empty in the events of a FetchResponse.
  uint32_t partition = 0;
  record::Offset next_offset;
  record::Offset high_watermark;
};

// A `leat.v1.RecordChunk`. `records` is a serialized RecordSet: a part, from `base_offset`, of the
// batch with this header.
absl::Cord EncodeRecordChunk(const record::BatchHeader& header, record::Offset base_offset,
                             const absl::Cord& records);

// `records` is a serialized RecordSet: a part, from `base_offset`, of the batch with this header.
absl::Cord EncodeChunk(const EventPlace& place, const record::BatchHeader& header,
                       record::Offset base_offset, const absl::Cord& records);
absl::Cord EncodeBatch(const EventPlace& place, const record::Batch& batch);
// Records in [from, to) were removed by retention or a trim.
absl::Cord EncodeTrimmedGap(const EventPlace& place, record::Offset from, record::Offset to);
absl::Cord EncodeHeartbeat(const EventPlace& place);
absl::Cord EncodeEndOfRange(const EventPlace& place);

absl::Cord EncodeFetchResponse(std::string_view topic_id, const std::vector<absl::Cord>& events);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_RESPONSE_ENCODER_H_
