// A record batch: what travels and what is kept. A fixed header, followed by the payload: a
// serialized `leat.v1.RecordSet`, compressed as `codec` says. Bytes only: no I/O, no threads.
// Layout: docs/disk_format.md.
//
// Nothing in a batch depends on where it lies, so it is copied between segments, machines and tiers
// byte for byte.

#ifndef LEAT_STORAGE_RECORD_BATCH_H_
#define LEAT_STORAGE_RECORD_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "storage/record/ids.h"

namespace leat::record {

enum class Codec : uint8_t { kNone = 0, kZstd = 1, kLz4 = 2 };
enum class TimestampType : uint8_t { kCreate = 1, kAppend = 2 };

// Bits of `BatchHeader::attributes`.
inline constexpr uint16_t kControlBatch = 1 << 0;        // Not for consumers.
inline constexpr uint16_t kTransactionalBatch = 1 << 1;  // Part of a transaction.
inline constexpr uint16_t kCompactedBatch = 1 << 2;  // Offsets may be sparse; may hold no record.

inline constexpr int64_t kNoProducer = -1;

struct BatchHeader {
  static constexpr size_t kEncodedBytes = 128;

  uint32_t payload_bytes = 0;
  uint32_t uncompressed_bytes = 0;
  uint32_t payload_crc32c = 0;
  Offset base_offset;
  uint32_t record_count = 0;
  uint32_t last_offset_delta = 0;
  int64_t append_timestamp_ms = 0;
  int64_t base_timestamp_ms = 0;
  int64_t max_timestamp_ms = 0;
  TimestampType timestamp_type = TimestampType::kCreate;
  Codec codec = Codec::kNone;
  uint16_t attributes = 0;
  int32_t leader_epoch = 0;
  int64_t producer_id = kNoProducer;
  int32_t producer_epoch = -1;
  int32_t base_sequence = -1;
  uint32_t encryption_key_id = 0;

  // First offset after this batch.
  Offset next_offset() const { return base_offset + (int64_t{last_offset_delta} + 1); }

  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

// Writes the `kEncodedBytes` bytes of `header`, its checksum included, to `out`.
void EncodeBatchHeader(const BatchHeader& header, char* out);

// Reads the header at the front of `bytes` and checks it: checksum, version, lengths and counts
// that fit together. DATA_LOSS when it is damaged, UNIMPLEMENTED when it is whole but has a
// version, an incompatible feature, a codec or a field (in what is reserved) that this program does
// not know.
absl::StatusOr<BatchHeader> DecodeBatchHeader(std::string_view bytes);

// A batch in memory. Copying shares the payload.
struct Batch {
  BatchHeader header;
  absl::Cord payload;
};

// CRC-32C (Castagnoli, reflected, as in RFC 3720) of `bytes`, going on from `seed`, the value for
// the bytes before (0 at first).
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);
uint32_t Crc32c(const absl::Cord& bytes, uint32_t seed = 0);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_BATCH_H_
