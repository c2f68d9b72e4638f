#include "storage/log/producer_snapshot.h"

#include <algorithm>

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

constexpr std::string_view kMagic = "LEATPRD1";
// The second is that of a log that remembers message ids.
constexpr uint16_t kFormatVersion = 1;
constexpr uint16_t kFormatVersionWithIds = 2;
constexpr size_t kCrcAt = 8;
constexpr size_t kCrcFrom = 12;
constexpr size_t kVersionAt = 14;
constexpr size_t kTopicIdAt = 16;
constexpr size_t kHeaderBytes = 80;
constexpr size_t kEntryBytes = 24;
constexpr size_t kBatchBytes = 24;
constexpr size_t kIdBytes = 32;
constexpr uint64_t kMaxFileBytes = 64 << 20;

struct Header {
  uint16_t header_bytes = kHeaderBytes;
  uint16_t version = kFormatVersion;
  PartitionKey key;
  uint32_t producers = 0;
  LogPlace place;
  uint64_t forgotten_grant = 0;
  uint64_t ids = 0;
};

// Each calls `visit(place, field)` for each of the numbers, in writing and in reading.
template <typename H, typename Visitor>
void ForEachHeaderField(H& header, const Visitor& visit) {
  visit(12, header.header_bytes);
  visit(kVersionAt, header.version);
  visit(32, header.key.partition);
  visit(36, header.producers);
  visit(40, header.place.next_offset.value);
  visit(48, header.place.segment_base_offset.value);
  visit(56, header.place.position.bytes);
  visit(64, header.forgotten_grant);
  visit(72, header.ids);
}

struct EntryHeader {
  int64_t producer_id = 0;
  uint64_t grant = 0;
  int32_t epoch = 0;
  uint32_t batches = 0;
};

template <typename E, typename Visitor>
void ForEachEntryField(E& entry, const Visitor& visit) {
  visit(0, entry.producer_id);
  visit(8, entry.grant);
  visit(16, entry.epoch);
  visit(20, entry.batches);
}

template <typename B, typename Visitor>
void ForEachBatchField(B& batch, const Visitor& visit) {
  visit(0, batch.base_sequence);
  visit(4, batch.last_offset_delta);
  visit(8, batch.base_offset.value);
  visit(16, batch.append_timestamp_ms);
}

template <typename K, typename Visitor>
void ForEachIdField(K& known, const Visitor& visit) {
  visit(0, known.id.high);
  visit(8, known.id.low);
  visit(16, known.offset.value);
  visit(24, known.append_timestamp_ms);
}

uint32_t CrcOf(std::string_view bytes) { return record::Crc32c(bytes.substr(kCrcFrom)); }

// Magic, checksum, version and whose it is.
absl::StatusOr<Header> DecodeHeader(const PartitionKey& key, std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return absl::DataLossError("cut short");
  if (!bytes.starts_with(kMagic)) return absl::DataLossError("not a snapshot of producers");
  if (LoadLittleEndian<uint32_t>(bytes.data() + kCrcAt) != CrcOf(bytes)) {
    return absl::DataLossError("checksum differs");
  }
  Header header;
  ForEachHeaderField(header, FieldLoader(bytes.data()));
  if (header.version != kFormatVersion && header.version != kFormatVersionWithIds) {
    return absl::UnimplementedError(fmt::format("format version {}, known are {} and {}",
                                                header.version, kFormatVersion,
                                                kFormatVersionWithIds));
  }
  std::copy_n(bytes.data() + kTopicIdAt, header.key.topic_id.size(), header.key.topic_id.begin());
  if (header.key != key) return absl::DataLossError("of another partition");
  if (header.header_bytes != kHeaderBytes ||
      (header.ids > 0) != (header.version == kFormatVersionWithIds) ||
      header.place.next_offset < header.place.segment_base_offset ||
      header.place.segment_base_offset.value < 0) {
    return absl::DataLossError("header contradicts itself");
  }
  return header;
}

// The batches of one producer, the last one before `end`, oldest first.
absl::StatusOr<ProducerEntry> DecodeBatches(const EntryHeader& header, record::Offset end,
                                            const char* data) {
  ProducerEntry entry;
  entry.epoch = header.epoch;
  entry.grant = header.grant;
  record::Offset next;
  for (uint32_t i = 0; i < header.batches; ++i, data += kBatchBytes) {
    ProducerBatch batch;
    ForEachBatchField(batch, FieldLoader(data));
    if (batch.base_sequence < 0 || batch.base_offset < next || batch.base_offset >= end ||
        end.value - batch.base_offset.value <= int64_t{batch.last_offset_delta}) {
      return absl::DataLossError(
          fmt::format("a batch of producer {} contradicts itself", header.producer_id));
    }
    next = batch.next_offset();
    entry.Add(batch);
  }
  return entry;
}

// The entries of `count` producers, at the front of `bytes`, which they leave.
absl::Status DecodeTable(uint32_t count, record::Offset end, std::string_view& bytes,
                         ProducerTable& table) {
  int64_t last_id = -1;
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < kEntryBytes) return absl::DataLossError("cut short");
    EntryHeader header;
    ForEachEntryField(header, FieldLoader(bytes.data()));
    bytes.remove_prefix(kEntryBytes);
    if (header.producer_id <= last_id || header.epoch < 0 || header.batches == 0 ||
        header.batches > ProducerEntry::kMaxBatches ||
        bytes.size() < header.batches * kBatchBytes) {
      return absl::DataLossError(
          fmt::format("entry {}, of producer {}, contradicts itself", i, header.producer_id));
    }
    const absl::StatusOr<ProducerEntry> entry = DecodeBatches(header, end, bytes.data());
    if (!entry.ok()) return entry.status();
    table.Put(header.producer_id, *entry);
    last_id = header.producer_id;
    bytes.remove_prefix(header.batches * kBatchBytes);
  }
  return absl::OkStatus();
}

// Ids, all of `bytes`.
absl::StatusOr<std::deque<KnownId>> DecodeIds(uint64_t count, record::Offset end,
                                              std::string_view bytes) {
  if (bytes.size() % kIdBytes != 0 || bytes.size() / kIdBytes != count) {
    return absl::DataLossError("cut short, or bytes after the last entry");
  }
  std::deque<KnownId> ids;
  record::Offset next;
  for (; !bytes.empty(); bytes.remove_prefix(kIdBytes)) {
    KnownId known;
    ForEachIdField(known, FieldLoader(bytes.data()));
    if (known.offset < next || known.offset >= end) {
      return absl::DataLossError(fmt::format("id {} is out of order", ids.size()));
    }
    next = known.offset + 1;
    ids.push_back(known);
  }
  return ids;
}

}  // namespace

std::string EncodeProducerSnapshot(const PartitionKey& key, const LogPlace& place,
                                   const ProducerTable& table, const std::deque<KnownId>& ids) {
  const auto& entries = table.entries();
  size_t batches = 0;
  for (const auto& [id, entry] : entries) batches += entry.size();
  const auto ids_end = std::partition_point(
      ids.begin(), ids.end(), [&](const KnownId& id) { return id.offset < place.next_offset; });
  const auto id_count = static_cast<size_t>(ids_end - ids.begin());
  std::string bytes(
      kHeaderBytes + entries.size() * kEntryBytes + batches * kBatchBytes + id_count * kIdBytes,
      '\0');
  char* out = bytes.data();
  std::copy(kMagic.begin(), kMagic.end(), out);
  std::copy(key.topic_id.begin(), key.topic_id.end(), out + kTopicIdAt);
  const Header header{.version = id_count > 0 ? kFormatVersionWithIds : kFormatVersion,
                      .key = key,
                      .producers = static_cast<uint32_t>(entries.size()),
                      .place = place,
                      .forgotten_grant = table.forgotten_grant(),
                      .ids = id_count};
  ForEachHeaderField(header, FieldStorer(out));
  out += kHeaderBytes;
  for (const auto& [id, entry] : entries) {
    const EntryHeader entry_header{.producer_id = id,
                                   .grant = entry.grant,
                                   .epoch = entry.epoch,
                                   .batches = static_cast<uint32_t>(entry.size())};
    ForEachEntryField(entry_header, FieldStorer(out));
    out += kEntryBytes;
    for (size_t i = 0; i < entry.size(); ++i, out += kBatchBytes) {
      ForEachBatchField(entry.batch(i), FieldStorer(out));
    }
  }
  for (auto id = ids.begin(); id != ids_end; ++id, out += kIdBytes) {
    ForEachIdField(*id, FieldStorer(out));
  }
  StoreLittleEndian(CrcOf(bytes), bytes.data() + kCrcAt);
  return bytes;
}

absl::StatusOr<ProducerSnapshot> DecodeProducerSnapshot(const PartitionKey& key,
                                                        std::string_view bytes) {
  const absl::StatusOr<Header> header = DecodeHeader(key, bytes);
  if (!header.ok()) return header.status();
  ProducerSnapshot snapshot{.place = header->place};
  snapshot.table.set_forgotten_grant(header->forgotten_grant);
  bytes.remove_prefix(kHeaderBytes);
  absl::Status read =
      DecodeTable(header->producers, header->place.next_offset, bytes, snapshot.table);
  if (!read.ok()) return read;
  absl::StatusOr<std::deque<KnownId>> ids =
      DecodeIds(header->ids, header->place.next_offset, bytes);
  if (!ids.ok()) return ids.status();
  snapshot.ids = *std::move(ids);
  return snapshot;
}

absl::Status WriteProducerSnapshot(io::FileSystem& files, const std::string& directory,
                                   std::string_view bytes) {
  return io::ReplaceFile(files, io::JoinPath(directory, kProducerSnapshotName), bytes);
}

absl::StatusOr<ProducerSnapshot> ReadProducerSnapshot(io::FileSystem& files,
                                                      const std::string& directory,
                                                      const PartitionKey& key) {
  const absl::StatusOr<std::string> bytes =
      io::ReadFile(files, io::JoinPath(directory, kProducerSnapshotName), kMaxFileBytes);
  if (absl::IsResourceExhausted(bytes.status())) return absl::DataLossError("too large");
  if (!bytes.ok()) return bytes.status();
  return DecodeProducerSnapshot(key, *bytes);
}

}  // namespace leat::log
