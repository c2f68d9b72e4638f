#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/consume_job.h"

namespace leat::cli {
namespace {

constexpr char kOffsetsHelp[] =
    "Where to read: FROM, FROM:TO or :TO, each of start, end, N, +N (N after the start), -N (N "
    "before the end), or @TIME "
    "(seconds or ms since 1970, a date, RFC 3339, -1h); what lies before TO and is not there yet "
    "is "
    "waited for; without TO new records are followed";
constexpr char kFormatHelp[] =
    "raw (values), jsonl, json, csv, table, wide, or a string such as '%k\\t%v\\n' with %t topic, "
    "%p partition, %o offset, "
    "%k key, %v value, %h headers, %d %D timestamp, %K %V lengths";

std::shared_ptr<ConsumeFlags> Add(CLI::App& verb, ConsumeFlags defaults,
                                  const GlobalOptions& globals, Run& run) {
  auto flags = std::make_shared<ConsumeFlags>(std::move(defaults));
  verb.add_option("topics", flags->topics, "The topics")->required();
  verb.add_option("-o,--offset", flags->offsets, kOffsetsHelp);
  verb.add_option("-p,--partition", flags->partitions, "Only these partitions")->delimiter(',');
  verb.add_option("-n,--count", flags->count, "Stop after so many records");
  verb.add_option("-f,--format", flags->format, kFormatHelp);
  verb.add_flag("-r,--regex", flags->regex, "The topics are patterns (RE2) that match whole names");
  verb.callback(
      [&globals, &run, flags] { run = [&globals, flags] { return Consume(globals, *flags); }; });
  return flags;
}

}  // namespace

void AddConsumeCommands(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& consume =
      *app.add_subcommand("consume", "Print records: all there are, then new ones as they come");
  const auto flags = Add(consume, {}, globals, run);
  consume.add_flag("-e,--exit-at-end", flags->exit_at_end,
                   "Stop at what is the end now instead of following");
  RefuseEmpty(consume.add_option(
      "-g,--group", flags->group,
      "Be a member of this group: share the partitions with the others, and commit what was "
      "written; -o then says where to begin without a committed offset"));
  RefuseEmpty(consume.add_option("--instance-id", flags->instance_id,
                                 "A name that a restart keeps: its partitions wait for it"));
  consume.add_option("--commit", flags->commit, "auto: after the output was written; or none");
  consume.footer(
      "Examples:\n  leat consume logs                        from the start, and follow\n"
      "  leat consume logs -e                     all there is, then stop\n"
      "  leat consume logs -o -10                 the last ten of each partition, and follow\n"
      "  leat consume logs -o @-1h:end -f jsonl   the last hour\n"
      "  leat consume -g billing orders           one of those who share the work of 'billing'\n"
      "  leat consume -g audit -r 'orders-.*'     every such topic, also those to come");
  CLI::App& tail = *app.add_subcommand(
      "tail", "Print new records as they come, for people: consume -o end -f table");
  Add(tail, {.offsets = "end", .format = "table"}, globals, run);
}

}  // namespace leat::cli
