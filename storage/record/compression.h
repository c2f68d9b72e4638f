// Compressing and decompressing payloads within limits. Any thread; CPU only.

#ifndef LEAT_STORAGE_RECORD_COMPRESSION_H_
#define LEAT_STORAGE_RECORD_COMPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/record/batch.h"

namespace leat::record {

// One frame of the codec. INTERNAL only when the library fails.
absl::StatusOr<std::string> Compress(Codec codec, std::string_view bytes);

// Exactly `uncompressed_bytes` bytes from exactly one frame. Never allocates more than
// `uncompressed_bytes` (which the caller has limited) plus the codec's buffers (at most
// 9 MiB, for LZ4 blocks of 4 MiB). kInvalidRecords (`error.h`) when the frame is damaged, longer,
// shorter, or followed by anything.
absl::StatusOr<std::string> Decompress(Codec codec, std::string_view bytes,
                                       uint32_t uncompressed_bytes);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_COMPRESSION_H_
