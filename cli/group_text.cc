#include "cli/group_text.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

double SecondsOf(const google::protobuf::Duration& duration) {
  return static_cast<double>(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration)) /
         1000;
}

// Whoever owns a partition: the instance where it has a name, else the member.
std::string OwnerOf(const v1::GroupPartition& partition, const v1::GetGroupResponse& described) {
  if (partition.owner().empty()) return "-";
  std::string name = partition.owner();
  for (const v1::GroupMember& member : described.members()) {
    if (member.member_id() == partition.owner() && !member.instance_id().empty()) {
      name = member.instance_id();
    }
  }
  return partition.revoking() ? name + " (leaving)" : name;
}

const std::vector<std::string> kLagColumns = {
    "TOPIC", ">PARTITION", ">COMMITTED", ">HIGH WATERMARK", ">LAG", ">LAG SECONDS", "OWNER"};

std::vector<std::string> LagRow(const v1::GroupPartition& partition,
                                const v1::GetGroupResponse& described) {
  const bool known = partition.has_lag_records();
  return {partition.topic(),
          std::to_string(partition.partition()),
          partition.has_committed_offset() ? std::to_string(partition.committed_offset()) : "-",
          known ? std::to_string(partition.high_watermark()) : "-",
          known ? std::to_string(partition.lag_records()) : "-",
          partition.has_lag_time() ? fmt::format("{:.1f}", SecondsOf(partition.lag_time())) : "-",
          OwnerOf(partition, described)};
}

}  // namespace

Table LagTable(const v1::GetGroupResponse& described) {
  Table table(kLagColumns);
  for (const v1::GroupPartition& partition : described.partitions()) {
    table.Add(LagRow(partition, described));
  }
  return table;
}

Table LagTable(const std::vector<v1::GetGroupResponse>& groups) {
  std::vector<std::string> columns = kLagColumns;
  columns.insert(columns.begin(), "GROUP");
  Table table(std::move(columns));
  for (const v1::GetGroupResponse& described : groups) {
    for (const v1::GroupPartition& partition : described.partitions()) {
      std::vector<std::string> row = LagRow(partition, described);
      row.insert(row.begin(), described.group().group());
      table.Add(std::move(row));
    }
  }
  return table;
}

std::string DescribeLag(const v1::GetGroupResponse& described) {
  int64_t records = 0;
  double seconds = 0;
  int behind = 0;
  int unknown = 0;
  for (const v1::GroupPartition& partition : described.partitions()) {
    records += partition.lag_records();
    seconds = std::max(seconds, SecondsOf(partition.lag_time()));
    behind += partition.lag_records() > 0 ? 1 : 0;
    // Where there is a lag and no time to it, the oldest record is damaged.
    unknown += partition.has_lag_time() ? 0 : 1;
  }
  const int all = described.partitions_size();
  std::string text =
      records == 0
          ? fmt::format("caught up in {}", Count(all - unknown, "partition"))
          : fmt::format("{} behind, at most {:.1f} s, in {} of {}", Count(records, "record"),
                        seconds, behind, Count(all, "partition"));
  if (unknown > 0) text += fmt::format("; {} cannot be read", unknown);
  return text;
}

Table SeekTable(const v1::SeekGroupResponse& response) {
  Table table({"TOPIC", ">PARTITION", ">FROM", ">TO", ">RECORDS"});
  for (const v1::SeekResult& result : response.results()) {
    const bool from = result.has_from_offset();
    table.Add({result.topic(), std::to_string(result.partition()),
               from ? std::to_string(result.from_offset()) : "-",
               std::to_string(result.to_offset()),
               from ? fmt::format("{:+}", result.to_offset() - result.from_offset()) : "-"});
  }
  return table;
}

}  // namespace leat::cli
