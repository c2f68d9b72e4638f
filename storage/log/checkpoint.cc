#include "storage/log/checkpoint.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fmt/core.h"
#include "storage/record/batch.h"
#include "storage/record/fields.h"
#include "storage/record/little_endian.h"

namespace leat::log {
namespace {

using record::FieldLoader;
using record::FieldStorer;
using record::LoadLittleEndian;
using record::StoreLittleEndian;

constexpr uint16_t kFormatVersion = 1;
constexpr uint32_t kCleanShutdown = 1 << 0;
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;  // Ten million partitions.

constexpr std::string_view kMagic = "LEATCKP1";
constexpr size_t kHeaderBytes = 32;
constexpr size_t kEntryBytes = 96;
constexpr size_t kCrcAt = 8;
constexpr size_t kCrcFrom = 12;
constexpr size_t kHeaderLengthAt = 12;
constexpr size_t kVersionAt = 14;
constexpr size_t kFlagsAt = 16;
constexpr size_t kCountAt = 20;
constexpr size_t kReservedAt = 24;

// Calls `visit(place, field)` for each of the numbers, in writing and in reading.
template <typename Key, typename Entry, typename Visitor>
void ForEachField(Key& key, Entry& entry, const Visitor& visit) {
  visit(16, key.partition);
  visit(20, entry.last_frame_crc);
  visit(24, entry.segment_base_offset.value);
  visit(32, entry.durable_end.value);
  visit(40, entry.position.bytes);
  visit(48, entry.last_frame_position.bytes);
  visit(56, entry.incarnation);
  visit(64, entry.max_timestamp_ms);
  visit(72, entry.payload_bytes);
  visit(80, entry.first_append_timestamp_ms);
  visit(88, entry.last_append_timestamp_ms);
}

void EncodeEntry(const PartitionKey& key, const CheckpointEntry& entry, char* out) {
  std::copy(key.topic_id.begin(), key.topic_id.end(), out);
  ForEachField(key, entry, FieldStorer(out));
}

std::pair<PartitionKey, CheckpointEntry> DecodeEntry(const char* data) {
  std::pair<PartitionKey, CheckpointEntry> item;
  std::copy_n(data, item.first.topic_id.size(), item.first.topic_id.begin());
  ForEachField(item.first, item.second, FieldLoader(data));
  return item;
}

uint32_t CrcOf(std::string_view bytes) { return record::Crc32c(bytes.substr(kCrcFrom)); }

// Magic, checksum, version and lengths.
absl::Status CheckEnvelope(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return absl::DataLossError("cut short");
  const char* const data = bytes.data();
  if (!bytes.starts_with(kMagic)) return absl::DataLossError("at byte 0: not a checkpoint");
  if (LoadLittleEndian<uint32_t>(data + kCrcAt) != CrcOf(bytes)) {
    return absl::DataLossError(
        fmt::format("bytes {} to {}: checksum differs", kCrcFrom, bytes.size()));
  }
  const auto version = LoadLittleEndian<uint16_t>(data + kVersionAt);
  if (version != kFormatVersion) {
    return absl::UnimplementedError(fmt::format("at byte {}: format version {}, known is {}",
                                                kVersionAt, version, kFormatVersion));
  }
  const uint64_t count = LoadLittleEndian<uint32_t>(data + kCountAt);
  if (LoadLittleEndian<uint16_t>(data + kHeaderLengthAt) != kHeaderBytes ||
      LoadLittleEndian<uint64_t>(data + kReservedAt) != 0 ||
      LoadLittleEndian<uint32_t>(data + kFlagsAt) > kCleanShutdown ||
      bytes.size() != kHeaderBytes + count * kEntryBytes) {
    return absl::DataLossError(
        fmt::format("at byte {}: header contradicts itself", kHeaderLengthAt));
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string bytes(kHeaderBytes + checkpoint.partitions.size() * kEntryBytes, '\0');
  char* const out = bytes.data();
  std::copy(kMagic.begin(), kMagic.end(), out);
  StoreLittleEndian<uint16_t>(kHeaderBytes, out + kHeaderLengthAt);
  StoreLittleEndian(kFormatVersion, out + kVersionAt);
  StoreLittleEndian(checkpoint.clean_shutdown ? kCleanShutdown : 0u, out + kFlagsAt);
  StoreLittleEndian(static_cast<uint32_t>(checkpoint.partitions.size()), out + kCountAt);
  char* entry_out = out + kHeaderBytes;
  for (const auto& [key, entry] : checkpoint.partitions) {
    EncodeEntry(key, entry, entry_out);
    entry_out += kEntryBytes;
  }
  StoreLittleEndian(CrcOf(bytes), out + kCrcAt);
  return bytes;
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes) {
  if (absl::Status status = CheckEnvelope(bytes); !status.ok()) return status;
  Checkpoint checkpoint;
  checkpoint.clean_shutdown = LoadLittleEndian<uint32_t>(bytes.data() + kFlagsAt) != 0;
  for (size_t place = kHeaderBytes; place < bytes.size(); place += kEntryBytes) {
    std::pair<PartitionKey, CheckpointEntry> item = DecodeEntry(bytes.data() + place);
    if (!checkpoint.partitions.empty() && item.first <= checkpoint.partitions.rbegin()->first) {
      return absl::DataLossError(fmt::format("at byte {}: entries are not in order", place));
    }
    checkpoint.partitions.insert(checkpoint.partitions.end(), std::move(item));
  }
  return checkpoint;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(io::FileSystem& files, const std::string& path) {
  absl::StatusOr<std::string> bytes = io::ReadFile(files, path, kMaxFileBytes);
  if (absl::IsNotFound(bytes.status())) return Checkpoint{};
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<Checkpoint> checkpoint = DecodeCheckpoint(*bytes);
  if (checkpoint.ok()) return checkpoint;
  return absl::Status(checkpoint.status().code(),
                      absl::StrCat("checkpoint ", path, ": ", checkpoint.status().message()));
}

absl::Status WriteCheckpoint(io::FileSystem& files, const std::string& path,
                             const Checkpoint& checkpoint) {
  return io::ReplaceFile(files, path, EncodeCheckpoint(checkpoint));
}

}  // namespace leat::log
