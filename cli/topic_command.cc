#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/topic_verbs.h"

namespace leat::cli {
namespace {

using Verb = ExitCode (*)(const GlobalOptions&, const TopicFlags&);

// One verb: its flags live as long as the app.
struct TopicVerb {
  CLI::App* app;
  std::shared_ptr<TopicFlags> flags = std::make_shared<TopicFlags>();
};

TopicVerb Add(CLI::App& parent, const GlobalOptions& globals, Run& run, const std::string& name,
              const std::string& about, Verb verb) {
  TopicVerb added{parent.add_subcommand(name, about)};
  added.app->callback([&globals, &run, flags = added.flags, verb] {
    run = [&globals, flags, verb] { return verb(globals, *flags); };
  });
  return added;
}

void AddTopic(TopicVerb& verb) {
  verb.app
      ->add_option_function<std::string>(
          "topic", [flags = verb.flags](const std::string& topic) { flags->topics = {topic}; },
          "The topic")
      ->required();
}

void AddTopicList(TopicVerb& verb) {
  verb.app->add_option("topics", verb.flags->topics, "The topics")->required();
}

void AddFormat(TopicVerb& verb) {
  verb.app->add_option("-f,--format", verb.flags->format, "table, wide, json, jsonl or csv");
}

void AddYes(TopicVerb& verb) {
  verb.app->add_flag("-y,--yes", verb.flags->yes, "Do not ask; needed where there is no terminal");
}

constexpr char kSettingsHelp[] =
    "NAME=VALUE: retention_time (7d, forever), retention_bytes (10GiB, unlimited), segment_bytes, "
    "segment_age, durability (synced, written), max_record_bytes, max_batch_bytes, timestamp_type "
    "(create, append), cleanup (delete, compact, both), tombstone_retention, "
    "deduplication_time (off), deduplication_ids, checked_keys; NAME= is the default";

}  // namespace

void AddTopicCommands(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& topic = *app.add_subcommand("topic", "Create, show, change and delete topics");
  topic.require_subcommand(1);

  TopicVerb create = Add(topic, globals, run, "create", "Create topics", &CreateTopics);
  AddTopicList(create);
  create.app->add_option("--partitions", create.flags->partition_count,
                         "Number of partitions; 0 is the server's default");
  create.app->add_option("--set", create.flags->settings, kSettingsHelp);

  TopicVerb list = Add(topic, globals, run, "ls", "List topics", &ListTopics);
  list.app->add_option("prefix", list.flags->prefix, "Only topics whose names begin so");
  AddFormat(list);

  TopicVerb describe = Add(topic, globals, run, "describe",
                           "Show settings and partitions of topics", &DescribeTopics);
  AddTopicList(describe);
  AddFormat(describe);

  TopicVerb set =
      Add(topic, globals, run, "set", "Change settings of a topic while it runs", &SetTopic);
  AddTopic(set);
  set.app->add_option("settings", set.flags->settings, kSettingsHelp)->required();

  TopicVerb add =
      Add(topic, globals, run, "add-partitions", "Raise the number of partitions", &AddPartitions);
  AddTopic(add);
  add.app->add_option("total", add.flags->partition_count, "The new total number")->required();

  TopicVerb trim = Add(topic, globals, run, "trim", "Remove the oldest records", &TrimTopic);
  AddTopic(trim);
  trim.app
      ->add_option("-o,--offset", trim.flags->offset,
                   "The new first record: N, -N (keep the last N), @TIME, or end (remove all)")
      ->required();
  trim.app->add_option("-p,--partition", trim.flags->partitions, "Only these partitions")
      ->delimiter(',');
  trim.app->add_flag("--dry-run", trim.flags->dry_run,
                     "Show what would be removed, and remove nothing");
  AddYes(trim);

  TopicVerb remove =
      Add(topic, globals, run, "rm", "Delete topics and their records", &RemoveTopics);
  AddTopicList(remove);
  AddYes(remove);
}

}  // namespace leat::cli
