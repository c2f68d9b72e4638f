// A group's partitions as people read them. Pure.

#ifndef LEAT_CLI_GROUP_TEXT_H_
#define LEAT_CLI_GROUP_TEXT_H_

#include <string>
#include <vector>

#include "cli/table.h"
#include "leat/v1/group.pb.h"

namespace leat::cli {

// A line for each partition: where the group is, where the log ends, and what lies between, in
// records and in seconds.
Table LagTable(const v1::GetGroupResponse& described);

// The same of several groups, which the first column names.
Table LagTable(const std::vector<v1::GetGroupResponse>& groups);

// "12 records behind, at most 3.4 s, in 2 of 8 partitions".
std::string DescribeLag(const v1::GetGroupResponse& described);

// Where offsets went: before, after, and how far that is.
Table SeekTable(const v1::SeekGroupResponse& response);

}  // namespace leat::cli

#endif  // LEAT_CLI_GROUP_TEXT_H_
