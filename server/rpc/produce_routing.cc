#include "server/rpc/produce_routing.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "storage/record/partitioner.h"
#include "storage/record/record_set.h"

namespace leat::rpc {
namespace {

using SharedRecords = std::shared_ptr<const record::IdentifiedRecords>;
using SharedKeys = std::shared_ptr<const record::KeyFingerprints>;

// The records of one partition, while they are gathered.
struct Share {
  std::string set;
  std::vector<uint32_t> indexes;
  int64_t max_timestamp_delta_ms = INT64_MIN;

  void Add(const record::RecordView& record, uint32_t index) {
    set += record.element;
    indexes.push_back(index);
    max_timestamp_delta_ms = std::max(max_timestamp_delta_ms, record.timestamp_delta_ms);
  }
};

uint32_t PartitionOf(const record::RecordView& record, const Routing& routing) {
  std::optional<std::string_view> key = record.key;
  if (!key.has_value() && routing.by_id)
    key = record::FindMessageId(record.headers).value_or(std::nullopt);
  return key.has_value() ? record::PartitionForKey(*key, routing.partition_count)
                         : static_cast<uint32_t>(routing.sticky % routing.partition_count);
}

// The one partition that all records of `set` go to, or nullopt.
absl::StatusOr<std::optional<uint32_t>> CommonPartition(std::string_view set,
                                                        const Routing& routing) {
  std::optional<uint32_t> common;
  bool same = true;
  const auto status = record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t) {
    const uint32_t partition = PartitionOf(record, routing);
    same = partition == common.value_or(partition);
    common = partition;
    return same;
  });
  if (!status.ok()) return status;
  return same ? common : std::nullopt;
}

absl::StatusOr<std::map<uint32_t, Share>> SplitByKey(std::string_view set, const Routing& routing) {
  std::map<uint32_t, Share> shares;
  const auto status =
      record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t index) {
        shares[PartitionOf(record, routing)].Add(record, index);
        return true;
      });
  if (!status.ok()) return status;
  return shares;
}

// What is known of the records at `indexes`, which become a set of their own.
SharedRecords Select(const SharedRecords& all, const std::vector<uint32_t>& indexes) {
  if (all == nullptr) return nullptr;
  record::IdentifiedRecords selected;
  uint32_t end = 0;
  bool any = false;
  for (const uint32_t index : indexes) {
    record::IdentifiedRecord record = (*all)[index];
    end += record.end - (index == 0 ? 0 : (*all)[index - 1].end);
    record.end = end;
    any |= record.id.has_value();
    selected.push_back(record);
  }
  if (!any) return nullptr;
  return std::make_shared<const record::IdentifiedRecords>(std::move(selected));
}

SharedKeys Select(const SharedKeys& all, const std::vector<uint32_t>& indexes) {
  if (all == nullptr) return nullptr;
  record::KeyFingerprints selected;
  for (const uint32_t index : indexes) selected.push_back((*all)[index]);
  return std::make_shared<const record::KeyFingerprints>(std::move(selected));
}

ProducePart MakePart(uint32_t partition, Share share, const ProducePart& whole) {
  ProducePart part{.partition = partition};
  record::BatchHeader& header = part.batch.header;
  header = whole.batch.header;
  header.record_count = static_cast<uint32_t>(share.indexes.size());
  header.last_offset_delta = header.record_count - 1;
  header.max_timestamp_ms = header.base_timestamp_ms + share.max_timestamp_delta_ms;
  header.payload_bytes = static_cast<uint32_t>(share.set.size());
  header.uncompressed_bytes = header.payload_bytes;
  header.payload_crc32c = record::Crc32c(share.set);
  part.batch.payload = absl::Cord(std::move(share.set));
  part.record_indexes = std::move(share.indexes);
  part.records = Select(whole.records, part.record_indexes);
  part.keys = Select(whole.keys, part.record_indexes);
  return part;
}

}  // namespace

absl::StatusOr<std::vector<ProducePart>> Distribute(ProducePart whole, const Routing& routing) {
  std::vector<ProducePart> parts;
  const std::string_view set = FlatView(whole.batch.payload);
  const auto common = CommonPartition(set, routing);
  if (!common.ok()) return common.status();
  if (common->has_value()) {
    whole.partition = **common;
    parts.push_back(std::move(whole));
    return parts;
  }
  auto shares = SplitByKey(set, routing);
  if (!shares.ok()) return shares.status();
  for (auto& [partition, share] : *shares) {
    parts.push_back(MakePart(partition, std::move(share), whole));
  }
  return parts;
}

}  // namespace leat::rpc
