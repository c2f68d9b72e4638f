#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/segment_verbs.h"

namespace leat::cli {
namespace {

using Verb = ExitCode (*)(const GlobalOptions&, const SegmentFlags&);

struct SegmentVerb {
  CLI::App* app;
  std::shared_ptr<SegmentFlags> flags = std::make_shared<SegmentFlags>();
};

SegmentVerb Add(CLI::App& parent, const GlobalOptions& globals, Run& run, const std::string& name,
                const std::string& about, Verb verb) {
  SegmentVerb added{parent.add_subcommand(name, about)};
  added.app->callback([&globals, &run, flags = added.flags, verb] {
    run = [&globals, flags, verb] { return verb(globals, *flags); };
  });
  return added;
}

void AddPath(SegmentVerb& verb, const std::string& about) {
  verb.app->add_option("path", verb.flags->path, about)->required();
}

void AddFormat(SegmentVerb& verb, const std::string& about) {
  verb.app->add_option("-f,--format", verb.flags->format, about);
}

constexpr char kPathHelp[] = "A data directory, the directory of a partition, or a segment";

}  // namespace

void AddSegmentCommands(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& segment = *app.add_subcommand(
      "segment", "Look into the files of a data directory, and repair them, without a server");
  segment.require_subcommand(1);

  SegmentVerb list = Add(segment, globals, run, "ls", "List segments", &ListSegments);
  AddPath(list, kPathHelp);
  AddFormat(list, "table, jsonl or csv");
  list.app->add_flag("--check", list.flags->check,
                     "Read and check all frames, not headers and footers alone");

  SegmentVerb dump = Add(segment, globals, run, "dump", "Print what a segment holds", &DumpSegment);
  AddPath(dump, "The segment");
  AddFormat(dump, "table or jsonl");
  dump.app->add_option("--depth", dump.flags->depth, "frames, batches or records")
      ->check(CLI::IsMember({"frames", "batches", "records"}));

  SegmentVerb verify =
      Add(segment, globals, run, "verify",
          "Check everything and name all damage; exit code 1 if there is any", &VerifySegments);
  AddPath(verify, kPathHelp);
  AddFormat(verify, "table or jsonl");

  SegmentVerb repair =
      Add(segment, globals, run, "repair",
          "Tell what it takes for a server to write to damaged logs again", &RepairSegments);
  AddPath(repair, "A data directory, or the directory of a partition");
  repair.app->add_flag("--accept-loss", repair.flags->accept_loss,
                       "Do it: what is cut is kept in quarantine/, but is no longer in the log");
}

}  // namespace leat::cli
