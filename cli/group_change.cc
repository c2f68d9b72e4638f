// The group verbs that change what a group has done.

#include <charconv>

#include "absl/time/clock.h"
#include "cli/failure.h"
#include "cli/group_text.h"
#include "cli/group_verbs.h"
#include "cli/offset_range.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "client/position_proto.h"
#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::cli {
namespace {

absl::StatusOr<int64_t> ParseShift(std::string_view text) {
  const std::string_view number = text.starts_with('+') ? text.substr(1) : text;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || number.starts_with("+")) {
    return absl::InvalidArgumentError(
        fmt::format("cannot read shift '{}': write +N or -N records", text));
  }
  return value;
}

// Where to, without the partitions.
absl::StatusOr<v1::GroupSeek> ParseTarget(const GroupFlags& flags) {
  v1::GroupSeek target;
  if (flags.offset.empty() == flags.shift.empty()) {
    return absl::InvalidArgumentError("say where to, with one of -o and --shift");
  }
  if (!flags.shift.empty()) {
    const absl::StatusOr<int64_t> shift = ParseShift(flags.shift);
    if (!shift.ok()) return shift.status();
    target.set_shift_records(*shift);
    return target;
  }
  const absl::StatusOr<client::Position> position = ParsePosition(flags.offset, absl::Now());
  if (!position.ok()) return position.status();
  const absl::StatusOr<v1::Position> place = client::ToProto(*position);
  if (!place.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' counts from the start, which groups cannot; --shift {} counts from the "
                    "committed offset",
                    flags.offset, flags.offset));
  }
  *target.mutable_position() = *place;
  return target;
}

absl::StatusOr<v1::SeekGroupRequest> MakeRequest(const GroupFlags& flags) {
  absl::StatusOr<v1::GroupSeek> target = ParseTarget(flags);
  if (!target.ok()) return target.status();
  if (!flags.partitions.empty() && flags.topics.size() != 1) {
    return absl::InvalidArgumentError("-p needs one --topic whose partitions it names");
  }
  for (uint32_t partition : flags.partitions) target->add_partitions(partition);
  v1::SeekGroupRequest request;
  request.set_group(flags.groups[0]);
  request.set_force(flags.force);
  if (flags.topics.empty()) *request.add_targets() = *target;
  for (const std::string& topic : flags.topics) {
    target->set_topic(topic);
    *request.add_targets() = *target;
  }
  return request;
}

}  // namespace

ExitCode SeekGroup(const GlobalOptions& globals, const GroupFlags& flags) {
  const Subject subject = {globals.server, flags.topics.empty() ? "" : flags.topics[0],
                           flags.groups[0]};
  absl::StatusOr<v1::SeekGroupRequest> request = MakeRequest(flags);
  if (!request.ok()) return Fail(request.status(), {});
  const client::Admin admin(globals.Connect());
  request->set_validate_only(true);
  auto planned = admin.SeekGroup(*request);
  const bool in_use =
      flags.dry_run && record::ReasonOf(planned.status()) == record::Reason::kGroupHasMembers;
  if (in_use) {  // To look is no harm.
    request->set_force(true);
    planned = admin.SeekGroup(*request);
  }
  if (!planned.ok()) return Fail(planned.status(), subject);
  const std::string plan =
      fmt::format("group {}\n{}", flags.groups[0], SeekTable(*planned).ToText());
  if (flags.dry_run) {
    return PrintOrFail(plan + "dry run: nothing was moved" +
                       (in_use ? "; it takes --force, for the group has members\n" : "\n"));
  }
  const std::string question =
      fmt::format("Move {}?", Count(planned->results_size(), "committed offset"));
  if (absl::Status status = Confirm(globals.quiet && flags.yes ? "" : plan, question, flags.yes);
      !status.ok()) {
    return Fail(status, {});
  }
  request->set_validate_only(false);
  const auto moved = admin.SeekGroup(*request);
  if (!moved.ok()) return Fail(moved.status(), subject);
  globals.Tell(fmt::format("moved {}", Count(moved->results_size(), "committed offset")));
  return kOk;
}

ExitCode RemoveGroups(const GlobalOptions& globals, const GroupFlags& flags) {
  const client::Admin admin(globals.Connect());
  std::string plan;
  for (const std::string& group : flags.groups) {
    const auto described = admin.GetGroup(group);
    if (!described.ok()) return Fail(described.status(), {globals.server, {}, group});
    plan += fmt::format("group {}: {}, {}\n", group, Count(described->members_size(), "member"),
                        DescribeLag(*described));
  }
  if (absl::Status status = Confirm(globals.quiet && flags.yes ? "" : plan,
                                    "Delete with committed offsets?", flags.yes);
      !status.ok()) {
    return Fail(status, {});
  }
  v1::DeleteGroupRequest request;
  request.set_force(flags.force);
  for (size_t i = 0; i < flags.groups.size(); ++i) {
    request.set_group(flags.groups[i]);
    if (absl::Status status = admin.DeleteGroup(request); !status.ok()) {
      const ExitCode code = Fail(status, {globals.server, {}, flags.groups[i]});
      return i == 0 ? code : kPartlyDone;
    }
    globals.Tell(fmt::format("deleted group {}", flags.groups[i]));
  }
  return kOk;
}

}  // namespace leat::cli
