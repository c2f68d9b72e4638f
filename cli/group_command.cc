#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/group_verbs.h"

namespace leat::cli {
namespace {

using Verb = ExitCode (*)(const GlobalOptions&, const GroupFlags&);

// One verb: its flags live as long as the app.
struct GroupVerb {
  CLI::App* app;
  std::shared_ptr<GroupFlags> flags = std::make_shared<GroupFlags>();
};

GroupVerb Add(CLI::App& parent, const GlobalOptions& globals, Run& run, const std::string& name,
              const std::string& about, Verb verb) {
  GroupVerb added{parent.add_subcommand(name, about)};
  added.app->callback([&globals, &run, flags = added.flags, verb] {
    run = [&globals, flags, verb] { return verb(globals, *flags); };
  });
  return added;
}

void AddGroup(GroupVerb& verb) {
  verb.app
      ->add_option_function<std::string>(
          "group", [flags = verb.flags](const std::string& group) { flags->groups = {group}; },
          "The group")
      ->required();
}

void AddGroupList(GroupVerb& verb) {
  verb.app->add_option("groups", verb.flags->groups, "The groups")->required();
}

void AddFormat(GroupVerb& verb) {
  verb.app->add_option("-f,--format", verb.flags->format, "table, json, jsonl or csv");
}

void AddForceAndYes(GroupVerb& verb, const std::string& force) {
  verb.app->add_flag("--force", verb.flags->force, force);
  verb.app->add_flag("-y,--yes", verb.flags->yes, "Do not ask; needed where there is no terminal");
}

void AddSeek(CLI::App& parent, const GlobalOptions& globals, Run& run) {
  GroupVerb seek =
      Add(parent, globals, run, "seek", "Move committed offsets, back or forward", &SeekGroup);
  AddGroup(seek);
  seek.app->add_option("-o,--offset", seek.flags->offset,
                       "Where to: start, end, N, -N (N before the end), or @TIME");
  seek.app->add_option("--shift", seek.flags->shift,
                       "So many records from the committed offset: +N forward, -N back");
  RefuseEmpty(seek.app->add_option("--topic", seek.flags->topics,
                                   "Only these topics; without, all with a committed offset"));
  seek.app->add_option("-p,--partition", seek.flags->partitions, "Only these of the one topic")
      ->delimiter(',');
  seek.app->add_flag("--dry-run", seek.flags->dry_run,
                     "Show what would be moved, and move nothing");
  AddForceAndYes(seek, "Also while the group has members: they begin anew at the new places");
  seek.app->footer(
      "Examples:\n  leat group seek billing -o start --dry-run    what reading all again would "
      "mean\n"
      "  leat group seek billing -o @-1h               the last hour again\n"
      "  leat group seek billing --shift=-100          the last hundred of each partition again");
}

}  // namespace

void AddGroupCommands(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& group = *app.add_subcommand("group", "Show, move and delete consumer groups");
  group.require_subcommand(1);

  GroupVerb list = Add(group, globals, run, "ls", "List groups", &ListGroups);
  list.app->add_option("prefix", list.flags->prefix, "Only groups whose names begin so");
  AddFormat(list);

  GroupVerb describe = Add(group, globals, run, "describe",
                           "Show members, partitions and committed offsets", &DescribeGroups);
  AddGroupList(describe);
  AddFormat(describe);

  GroupVerb lag =
      Add(group, globals, run, "lag", "Show how far behind, in records and seconds", &ShowLag);
  AddGroupList(lag);
  AddFormat(lag);
  lag.app->add_flag("-w,--watch", lag.flags->watch, "Again and again");
  lag.app->add_option("--interval", lag.flags->interval, "How often, with --watch");

  AddSeek(group, globals, run);

  GroupVerb remove =
      Add(group, globals, run, "rm", "Delete groups with their committed offsets", &RemoveGroups);
  AddGroupList(remove);
  AddForceAndYes(remove, "Also while a group has members, which are evicted");
}

}  // namespace leat::cli
