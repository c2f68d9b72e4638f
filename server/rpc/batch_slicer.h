// Cuts one batch into chunks whose sizes are known only one at a time, as credit comes.
//
// Owned by a partition's delivery; one thread. Each record is looked at once, however small the
// chunks.

#ifndef LEAT_SERVER_RPC_BATCH_SLICER_H_
#define LEAT_SERVER_RPC_BATCH_SLICER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "server/rpc/chunk_cutter.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"
#include "storage/record/record_set_index.h"

namespace leat::rpc {

class BatchSlicer {
 public:
  struct Slice {
    Chunk chunk;
    uint32_t record_count = 0;
  };

  // Of the records with offsets of `from` and more. Decompresses. kLogCorrupt.
  static absl::StatusOr<BatchSlicer> Open(const record::Batch& batch, record::Offset from);

  const record::BatchHeader& header() const { return header_; }

  // First offset not yet cut.
  record::Offset next_offset() const { return next_; }

  // The next records, as many as fit both limits, but at least one; nullopt when there are no more.
  // kLogCorrupt.
  absl::StatusOr<std::optional<Slice>> Next(size_t max_bytes, uint32_t max_records);

 private:
  BatchSlicer(const record::BatchHeader& header, absl::Cord set, record::Offset from)
      : header_(header), set_(std::move(set)), next_(from) {}

  bool FitsWhole(size_t max_bytes, uint32_t max_records) const;
  Slice CutDense(uint32_t first, size_t max_bytes, uint32_t max_records) const;
  absl::StatusOr<Slice> CutSparse(uint32_t first, size_t max_bytes, uint32_t max_records) const;

  record::BatchHeader header_;
  absl::Cord set_;
  record::Offset next_;
  std::optional<record::RecordSetIndex> index_;  // When the batch does not go out whole.
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_BATCH_SLICER_H_
