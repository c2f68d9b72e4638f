#include "cli/group_text.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>

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

}  // namespace

Table LagTable(const v1::GetGroupResponse& described) {
  Table table(
      {"TOPIC", ">PARTITION", ">COMMITTED", ">HIGH WATERMARK", ">LAG", ">LAG SECONDS", "OWNER"});
  for (const v1::GroupPartition& partition : described.partitions()) {
    const bool known = partition.has_lag_records();
    table.Add(
        {partition.topic(), std::to_string(partition.partition()),
         partition.has_committed_offset() ? std::to_string(partition.committed_offset()) : "-",
         known ? std::to_string(partition.high_watermark()) : "-",
         known ? std::to_string(partition.lag_records()) : "-",
         known ? fmt::format("{:.1f}", SecondsOf(partition.lag_time())) : "-",
         OwnerOf(partition, described)});
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
    unknown += partition.has_lag_records() ? 0 : 1;
  }
  std::string text =
      records == 0
          ? fmt::format("caught up in {} partitions", described.partitions_size() - unknown)
          : fmt::format("{} records behind, at most {:.1f} s, in {} of {} partitions",
                        FormatCount(records), seconds, behind, described.partitions_size());
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
