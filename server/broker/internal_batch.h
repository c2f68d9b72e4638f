// Batches of the server's own logs: each record is one value and nothing else. Pure; any thread.

#ifndef LEAT_SERVER_BROKER_INTERNAL_BATCH_H_
#define LEAT_SERVER_BROKER_INTERNAL_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/record/batch.h"

namespace leat::broker {

// A batch ready to be appended. At least one value.
record::Batch EncodeInternalBatch(const std::vector<std::string>& values, int64_t now_ms);

// DATA_LOSS when it is not one of ours.
absl::StatusOr<std::vector<std::string>> DecodeInternalBatch(const record::Batch& batch);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_INTERNAL_BATCH_H_
