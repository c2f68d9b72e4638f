// Batches of `__meta`: records, each the value of an ordinary record. Pure; any thread.

#ifndef LEAT_SERVER_BROKER_METADATA_BATCH_H_
#define LEAT_SERVER_BROKER_METADATA_BATCH_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/broker/metadata.pb.h"
#include "storage/record/batch.h"

namespace leat::broker {

// A batch ready to be appended.
record::Batch EncodeMetadataBatch(const std::vector<internal::MetadataRecord>& records,
                                  int64_t now_ms);

// DATA_LOSS when it is not one of ours.
absl::StatusOr<std::vector<internal::MetadataRecord>> DecodeMetadataBatch(
    const record::Batch& batch);

// About what it takes on disk, with the frame around it.
uint64_t MetadataBatchBytes(const record::Batch& batch);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_METADATA_BATCH_H_
