// From stored batches to what readers get: cuts a batch into chunks at record boundaries,
// decompressing it first if need be.
//
// CPU only, up to milliseconds for the largest batches: on the worker pool. Pure functions.

#ifndef LEAT_SERVER_RPC_CHUNK_CUTTER_H_
#define LEAT_SERVER_RPC_CHUNK_CUTTER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "leat/v1/log.pb.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::rpc {

// A part of a batch.
struct Chunk {
  record::Offset base_offset;  // Of its first record.
  record::Offset next_offset;  // First one not covered.
  absl::Cord records;  // A record set; shares the batch's memory when that is not compressed.
};

// The records of `batch` with offsets in [from, end) in chunks of at most `max_bytes`, or of one
// record. kLogCorrupt when the batch, which was checked when it was appended, is not well-formed.
absl::StatusOr<std::vector<Chunk>> CutBatch(const record::Batch& batch, record::Offset from,
                                            record::Offset end, size_t max_bytes);

// kLogCorrupt: what was checked when it was appended is not well-formed any more, as `status` says.
absl::Status CorruptBatch(const record::BatchHeader& header, const absl::Status& status);

// The batch's record set, decompressed.
absl::StatusOr<absl::Cord> RecordsOf(const record::Batch& batch);

// Which batches a client takes whole.
class BatchAcceptance {
 public:
  // Of a request that does not ask: none.
  BatchAcceptance() = default;
  // Of one that asks; none with a payload of more than `max_bytes`.
  explicit BatchAcceptance(const v1::AcceptBatches& accept,
                           size_t max_bytes = std::numeric_limits<size_t>::max());

  // Whether this batch may go out whole to a reader that wants no offset from `end` on.
  bool Takes(const record::BatchHeader& header, record::Offset end) const;

 private:
  uint32_t codecs_ = 0;  // A bit for each.
  size_t max_payload_bytes_ = 0;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_CHUNK_CUTTER_H_
