// Writes the events of a `Consume` stream. Records go out as the bytes they are, in the memory
// where they lie; the rest is written by the protobuf library.
//
// Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_CONSUME_ENCODER_H_
#define LEAT_SERVER_RPC_CONSUME_ENCODER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "leat/v1/group.pb.h"
#include "server/rpc/chunk_cutter.h"
#include "server/rpc/member_credit.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::rpc {

// A `leat.v1.PartitionPosition`.
struct MemberPlace {
  std::string_view topic;
  std::string_view topic_id;
  uint32_t partition = 0;
  uint64_t assignment_epoch = 0;
  record::Offset next_offset;
};

v1::PartitionPosition ToProto(const MemberPlace& place);

// `chunk` is a part of the batch with this header, and ends at the place.
absl::Cord EncodeDeliveredRecords(const MemberPlace& place, record::Offset high_watermark,
                                  const Amount& charged, const record::BatchHeader& header,
                                  const Chunk& chunk);

// Records in [from, the place) were removed by retention or a trim.
absl::Cord EncodeDeliveredGap(const MemberPlace& place, record::Offset from);

// What follows the place cannot be read, because of `why`.
absl::Cord EncodeDeliveredDamage(const MemberPlace& place, const absl::Status& why);

absl::Cord Encode(const v1::ConsumeResponse& response);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_CONSUME_ENCODER_H_
