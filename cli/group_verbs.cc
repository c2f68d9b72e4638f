#include "cli/group_verbs.h"

#include <google/protobuf/util/time_util.h>

#include "cli/failure.h"
#include "cli/group_text.h"
#include "cli/list_format.h"
#include "cli/quantity.h"
#include "cli/table.h"
#include "client/admin.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

std::string TimeOf(const google::protobuf::Timestamp& time) {
  return FormatTimestamp(google::protobuf::util::TimeUtil::TimestampToMilliseconds(time));
}

Table TableOf(const std::vector<v1::Group>& groups) {
  Table table({"GROUP", "STATE", ">MEMBERS", ">REBALANCES", "CREATED"});
  for (const v1::Group& group : groups) {
    table.Add({group.group(), group.member_count() > 0 ? "active" : "empty",
               std::to_string(group.member_count()), std::to_string(group.group_epoch()),
               TimeOf(group.create_time())});
  }
  return table;
}

std::string SubscriptionOf(const v1::GroupMember& member) {
  std::string text;
  for (const std::string& topic : member.topics()) text += (text.empty() ? "" : ",") + topic;
  for (const std::string& pattern : member.topic_patterns()) {
    text += (text.empty() ? "/" : ",/") + pattern + "/";
  }
  return text;
}

Table MembersOf(const v1::GetGroupResponse& described) {
  Table table({"MEMBER", "INSTANCE", "CLIENT", "STATE", ">PARTITIONS", "SUBSCRIBED TO", "JOINED"});
  for (const v1::GroupMember& member : described.members()) {
    int partitions = 0;
    for (const auto& partition : described.partitions()) {
      partitions += partition.owner() == member.member_id() ? 1 : 0;
    }
    table.Add({member.member_id(), member.instance_id(), member.client_name(),
               member.connected() ? "connected" : "away", std::to_string(partitions),
               SubscriptionOf(member), TimeOf(member.join_time())});
  }
  return table;
}

std::string TextOf(const v1::GetGroupResponse& described) {
  const v1::Group& group = described.group();
  std::string text = fmt::format("group {}\n  rebalances={}\n  created={}\n", group.group(),
                                 group.group_epoch(), TimeOf(group.create_time()));
  text += described.members().empty() ? "no members\n" : MembersOf(described).ToText();
  return text + LagTable(described).ToText();
}

}  // namespace

ExitCode ListGroups(const GlobalOptions& globals, const GroupFlags& flags) {
  const absl::StatusOr<ListFormat> format = ParseListFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  const auto groups = client::Admin(globals.Connect()).ListGroups(flags.prefix);
  if (!groups.ok()) return Fail(groups.status(), {.server = globals.server, .topic = {}});
  if (IsJson(*format)) return PrintOrFail(ToJsonList(*groups, *format));
  const Table table = TableOf(*groups);
  return PrintOrFail(*format == ListFormat::kCsv ? table.ToCsv() : table.ToText());
}

ExitCode DescribeGroups(const GlobalOptions& globals, const GroupFlags& flags) {
  const absl::StatusOr<ListFormat> format = ParseListFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  const client::Admin admin(globals.Connect());
  std::vector<v1::GetGroupResponse> described;
  for (const std::string& group : flags.groups) {
    auto answer = admin.GetGroup(group);
    if (!answer.ok()) return Fail(answer.status(), {globals.server, {}, group});
    described.push_back(*std::move(answer));
  }
  if (*format == ListFormat::kCsv) return PrintOrFail(LagTable(described).ToCsv());
  std::string text;
  for (const v1::GetGroupResponse& answer : described) {
    if (*format == ListFormat::kJsonLines) {
      text += ToJson(answer, JsonLayout::kLine);
    } else if (*format == ListFormat::kJson) {
      text += ToJson(answer, JsonLayout::kIndented);
    } else {
      text += (text.empty() ? "" : "\n") + TextOf(answer);
    }
  }
  return PrintOrFail(text);
}

}  // namespace leat::cli
