#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/produce_job.h"

namespace leat::cli {

void AddProduceCommand(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& produce =
      *app.add_subcommand("produce", "Append lines of standard input, or of a file, to a topic");
  auto flags = std::make_shared<ProduceFlags>();
  produce.add_option("topic", flags->topic, "The topic")->required();
  produce.add_option("-f,--format", flags->format,
                     "raw: each line is a value; jsonl: as 'consume -f jsonl' writes");
  produce.add_option("--file", flags->file, "Read this file; - is standard input");
  produce.add_option("-k,--key", flags->line.key, "One key for all records");
  produce.add_option("--key-separator", flags->line.key_separator,
                     "Cut each line into key and value at the first one");
  produce.add_option("--key-regex", flags->line.key_regex,
                     "Take the first group of this expression (RE2) in each line as its key; the "
                     "line stays whole");
  produce.add_option(
      "--id-regex", flags->line.id_regex,
      "Take the first group of this expression (RE2) in each line as its message id: "
      "a topic with a deduplication_time leaves out what is there already");
  produce.add_flag("--empty-is-null", flags->line.empty_is_null, "Send an empty value as null");
  produce.add_option("-H,--header", flags->headers,
                     "NAME=VALUE for each record, or NAME for a null value");
  produce.add_option("-p,--partition", flags->partition,
                     "Append to this partition instead of choosing by key");
  produce.add_flag("--keep-partition", flags->keep_partition,
                   "With jsonl: append to the partition that each line names");
  produce
      .add_option("--expected-offset", flags->expected_offset,
                  "Append all lines together, or none: only where the log of --partition ends "
                  "at this offset")
      ->check(CLI::NonNegativeNumber);
  produce
      .add_option("--expected-key-offset", flags->expected_key_offset,
                  "Append all lines together, or none: only where --partition has no record with "
                  "one of their keys at this offset or after it; the topic needs checked_keys")
      ->check(CLI::NonNegativeNumber);
  produce.add_option("--codec", flags->codec, "Compress batches: none, zstd or lz4");
  produce.add_option("--durability", flags->durability,
                     "synced or written, instead of the topic's");
  produce.add_option("--timeout", flags->timeout,
                     "Give a record up after so long without an answer");
  produce.footer(
      "A line ends with a newline; a carriage return before it belongs to the line. The first line "
      "that cannot be sent ends the input; what was sent before stays, and the exit code is 6.");
  produce.callback(
      [&globals, &run, flags] { run = [&globals, flags] { return Produce(globals, *flags); }; });
}

}  // namespace leat::cli
