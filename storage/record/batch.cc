#include "storage/record/batch.h"

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/record/fields.h"
#include "storage/record/little_endian.h"

namespace leat::record {
namespace {

constexpr uint16_t kFormatVersion = 1;

constexpr size_t kHeaderLengthAt = 0;
constexpr size_t kFormatVersionAt = 2;
constexpr size_t kHeaderCrcAt = 4;
constexpr size_t kIncompatibleFeaturesAt = 8;
constexpr size_t kTimestampTypeAt = 64;
constexpr size_t kCodecAt = 65;
constexpr size_t kReservedAt = 92;

// Calls `visit(place, field)` for each of the fields that are copied as they are, in writing and in
// reading.
template <typename Header, typename Visitor>
void ForEachField(Header& header, const Visitor& visit) {
  visit(12, header.payload_bytes);
  visit(16, header.uncompressed_bytes);
  visit(20, header.payload_crc32c);
  visit(24, header.base_offset.value);
  visit(32, header.record_count);
  visit(36, header.last_offset_delta);
  visit(40, header.append_timestamp_ms);
  visit(48, header.base_timestamp_ms);
  visit(56, header.max_timestamp_ms);
  visit(66, header.attributes);
  visit(68, header.leader_epoch);
  visit(72, header.producer_id);
  visit(80, header.producer_epoch);
  visit(84, header.base_sequence);
  visit(88, header.encryption_key_id);
}

// Every version keeps this checksum of the first 128 bytes, so that a newer header is told from a
// damaged one.
uint32_t HeaderCrc(std::string_view header) {
  const std::string_view before = header.substr(0, kHeaderCrcAt);
  const std::string_view after =
      header.substr(kIncompatibleFeaturesAt, BatchHeader::kEncodedBytes - kIncompatibleFeaturesAt);
  return Crc32c(after, Crc32c(before));
}

// Whether this program understands a header that is not damaged.
absl::Status CheckSupported(std::string_view bytes) {
  const auto version = LoadLittleEndian<uint16_t>(bytes.data() + kFormatVersionAt);
  if (version != kFormatVersion) {
    return absl::UnimplementedError(
        fmt::format("batch of format version {}, known is {}", version, kFormatVersion));
  }
  const auto features = LoadLittleEndian<uint32_t>(bytes.data() + kIncompatibleFeaturesAt);
  if (features != 0) {
    return absl::UnimplementedError(fmt::format("batch with unknown features {:#x}", features));
  }
  const auto codec = static_cast<uint8_t>(bytes[kCodecAt]);
  if (codec > static_cast<uint8_t>(Codec::kLz4)) {
    return absl::UnimplementedError(fmt::format("batch with unknown codec {}", codec));
  }
  constexpr char kZeros[BatchHeader::kEncodedBytes - kReservedAt] = {};
  if (bytes.substr(kReservedAt, sizeof(kZeros)) != std::string_view(kZeros, sizeof(kZeros))) {
    return absl::UnimplementedError("batch with reserved bytes in use");
  }
  return absl::OkStatus();
}

// What is wrong with a header whose checksum is right; empty when nothing is.
std::string_view FindContradiction(const BatchHeader& header) {
  constexpr size_t kMinRecordBytes = 2;  // The tag and the length of an empty one.
  if (header.timestamp_type != TimestampType::kCreate &&
      header.timestamp_type != TimestampType::kAppend) {
    return "unknown timestamp type";
  }
  if (header.last_offset_delta > std::numeric_limits<int32_t>::max())
    return "last offset delta out of range";
  if (header.base_offset.value < 0 ||
      header.base_offset.value >= std::numeric_limits<int64_t>::max() - header.last_offset_delta) {
    return "base offset out of range";
  }
  const bool sparse = (header.attributes & kCompactedBatch) != 0;
  if (header.record_count > header.last_offset_delta + 1 ||
      (!sparse && header.record_count <= header.last_offset_delta)) {
    return "record count does not fit last offset delta";
  }
  if (header.codec == Codec::kNone && header.payload_bytes != header.uncompressed_bytes) {
    return "two sizes for an uncompressed payload";
  }
  if (header.uncompressed_bytes < uint64_t{header.record_count} * kMinRecordBytes)
    return "more records than bytes";
  return {};
}

}  // namespace

void EncodeBatchHeader(const BatchHeader& header, char* out) {
  std::fill_n(out, BatchHeader::kEncodedBytes, '\0');
  StoreLittleEndian<uint16_t>(BatchHeader::kEncodedBytes, out + kHeaderLengthAt);
  StoreLittleEndian(kFormatVersion, out + kFormatVersionAt);
  out[kTimestampTypeAt] = static_cast<char>(header.timestamp_type);
  out[kCodecAt] = static_cast<char>(header.codec);
  ForEachField(header, FieldStorer(out));
  StoreLittleEndian(HeaderCrc(std::string_view(out, BatchHeader::kEncodedBytes)),
                    out + kHeaderCrcAt);
}

absl::StatusOr<BatchHeader> DecodeBatchHeader(std::string_view bytes) {
  if (bytes.size() < BatchHeader::kEncodedBytes)
    return absl::DataLossError("batch header cut short");
  const char* const data = bytes.data();
  if (LoadLittleEndian<uint32_t>(data + kHeaderCrcAt) != HeaderCrc(bytes)) {
    return absl::DataLossError("batch header fails its checksum");
  }
  if (absl::Status status = CheckSupported(bytes); !status.ok()) return status;
  if (LoadLittleEndian<uint16_t>(data + kHeaderLengthAt) != BatchHeader::kEncodedBytes) {
    return absl::DataLossError("batch header contradicts itself: header length");
  }

  BatchHeader header;
  header.timestamp_type = static_cast<TimestampType>(data[kTimestampTypeAt]);
  header.codec = static_cast<Codec>(data[kCodecAt]);
  ForEachField(header, FieldLoader(data));
  if (const std::string_view contradiction = FindContradiction(header); !contradiction.empty()) {
    return absl::DataLossError(fmt::format("batch header contradicts itself: {}", contradiction));
  }
  return header;
}

}  // namespace leat::record
