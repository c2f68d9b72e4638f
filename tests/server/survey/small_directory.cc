#include "tests/server/survey/small_directory.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "server/broker/internal_log_id.h"
#include "server/survey/repair.h"
#include "server/survey/survey.h"
#include "storage/inspect/log_repair.h"
#include "storage/inspect/log_report.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/record/error.h"
#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::survey {
namespace {

using broker::SimulatedBroker;

constexpr char kRoot[] = "/data";
constexpr uint64_t kMaxFileBytes = 1 << 24;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "small directory: {}\n", status.ToString());
  std::abort();
}

// Of a file that is gone the directory may be named.
bool Names(const absl::Status& status, const std::set<std::string>& files) {
  const std::string message(status.message());
  return std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    return message.find(io::ParentDirectory(file)) != message.npos;
  });
}

bool Under(const std::string& directory, const std::set<std::string>& files) {
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return file.starts_with(directory + "/"); });
}

std::string ValueOf(const record::Batch& batch) {
  std::string value;
  Must(record::ForEachRecord(std::string(batch.payload),
                             [&](const record::RecordView& record, uint32_t) {
                               value = std::string(*record.value);
                               return false;
                             }));
  return value;
}

// Replaced as a whole, or empty.
bool MayChange(const std::string& path) {
  return path.ends_with("/checkpoint") || path.ends_with("/LOCK") || path.ends_with(".tmp");
}

// Whether every byte of `before` is still somewhere in `after`, zeros at the end of files aside.
std::string FindLost(const Tree& before, const Tree& after) {
  for (const auto& [path, content] : before) {
    if (MayChange(path)) continue;
    const auto there = after.find(path);
    std::string kept = there == after.end() ? "" : there->second;
    // What is damaged in it makes way for another one.
    if (path.ends_with("/producers.snapshot") && kept != content) kept.clear();
    kept.resize(std::min(kept.size(), content.size()));
    if (!content.starts_with(kept)) return path + " was changed";
    std::string rest = content.substr(kept.size());
    rest.resize(rest.find_last_not_of('\0') + 1);
    const bool found =
        rest.empty() || std::any_of(after.begin(), after.end(), [&](const auto& file) {
          return file.first.find("/quarantine/") != file.first.npos &&
                 file.second.starts_with(rest);
        });
    if (!found) return fmt::format("{} bytes of {} are gone", rest.size(), path);
  }
  return {};
}

void AddTree(io::FileSystem& files, const std::string& directory, Tree& tree) {
  const auto names = files.List(directory);
  Must(names.status());
  for (const std::string& name : *names) {
    const bool below = name.ends_with('/');
    const std::string path = io::JoinPath(directory, name.substr(0, name.size() - below));
    if (below) {
      AddTree(files, path, tree);
    } else {
      tree[path] = *io::ReadFile(files, path, kMaxFileBytes);
    }
  }
}

}  // namespace

Tree ReadTree(io::FileSystem& files, const std::string& directory) {
  Tree tree;
  AddTree(files, directory, tree);
  return tree;
}

SmallDirectory::SmallDirectory(Ending ending) {
  SimulatedBroker server(1);
  server.options().compaction_interval = absl::Seconds(1);
  Must(server.Start());
  Fill(server);
  if (ending == Ending::kStopped) {
    Must(server.Stop());
  } else {
    server.Advance(absl::Seconds(2));  // The last records get their witnesses.
  }
  disk_ = server.disk().Kill();
  tree_ = ReadTree(*disk_, kRoot);
}

void SmallDirectory::Fill(SimulatedBroker& server) {
  broker::TopicSettings small;
  small.segment_bytes = 3 * 4096;  // Two frames.
  broker::TopicSettings compacted = small;
  compacted.cleanup = broker::Cleanup::kCompact;
  ids_["prices"] = broker::FormatUuid((*server.Create("prices", 1, compacted))->id);
  AppendAndCompact(server, "prices", 5);
  for (const char* name : {"orders", "events"}) {
    ids_[name] = broker::FormatUuid((*server.Create(name, 2, small))->id);
  }
  Append(server, "orders", 1, 2);
  Append(server, "events", 0, 4);
  Append(server, "events", 1, 1);
  Must(server.Trim(*server.broker().FindTopic("events"), 0, 2));
  log_starts_[{"events", 0}] = 2;
  AppendSequenced(server, "orders", 0, 5);
  for (const char* value : {"one", "two", "three"}) {
    Must(server.AppendToGroupLog(3, value).status());
  }
  Must(server.TrimGroupLog(3, 1));
}

void SmallDirectory::Append(SimulatedBroker& server, const std::string& topic, uint32_t partition,
                            int count) {
  std::vector<std::string>& values = values_[{topic, partition}];
  for (int i = 0; i < count; ++i) {
    values.push_back(fmt::format("{}/{} {}", topic, partition, values.size()));
    Must(server.Append(*server.broker().FindTopic(topic), partition, values.back()).status());
  }
}

void SmallDirectory::AppendSequenced(SimulatedBroker& server, const std::string& topic,
                                     uint32_t partition, int count) {
  const broker::TopicHandle handle = *server.broker().FindTopic(topic);
  const auto producer = server.Wait<broker::InitializedProducer>(
      [&](auto done) { server.broker().InitProducer(handle, "producer", done); });
  Must(producer.status());
  std::vector<std::string>& values = values_[{topic, partition}];
  for (int i = 0; i < count; ++i) {
    values.push_back(fmt::format("{}/{} {}", topic, partition, values.size()));
    record::Batch batch = log::MakeBatch(0, 1, values.back(), server.clock().WallMillis());
    batch.header.producer_id = producer->grant.producer_id;
    batch.header.producer_epoch = producer->grant.epoch;
    batch.header.base_sequence = i;
    Must(server
             .Wait<log::AppendResult>(
                 [&](auto done) { server.broker().Append(handle, partition, batch, done); })
             .status());
  }
}

void SmallDirectory::AppendAndCompact(SimulatedBroker& server, const std::string& topic,
                                      int count) {
  Append(server, topic, 0, count);
  server.Advance(absl::Seconds(2));
  const auto there = server.ReadAll(*server.broker().FindTopic(topic), 0);
  Must(there.status());
  size_t gone = 0;
  for (std::string& value : values_[{topic, 0}]) {
    if (std::find(there->begin(), there->end(), value) != there->end()) continue;
    value.clear();
    ++gone;
  }
  if (gone == 0) Must(absl::InternalError("nothing was compacted"));
}

SmallDirectory::Judgement SmallDirectory::Judge(std::unique_ptr<io::SimulatedFileSystem> disk,
                                                const std::set<std::string>& damaged) const {
  Judgement judgement;
  const Tree before = ReadTree(*disk, kRoot);
  const absl::StatusOr<Survey> found = SurveyPath(*disk, kRoot);
  if (found.ok()) {
    judgement.by_verify = !found->faults.empty() || !found->at_start.empty();
    for (const SurveyedLog& log : found->logs) {
      const auto report = inspect::InspectLog(*disk, log.place, inspect::Depth::kFrames);
      Must(report.status());
      judgement.by_verify |= !report->faults.empty() || !report->at_start.empty();
    }
  } else {
    judgement.by_verify = Names(found.status(), damaged);
  }
  if (ReadTree(*disk, kRoot) != before) judgement.wrong = "verify changed something";

  SimulatedBroker server(2);
  server.GoOnWith(std::move(disk));
  const absl::Status started = server.Start();
  judgement.by_start =
      started.ok() ? server.broker().recovery().findings_total > 0 : Names(started, damaged);
  const std::string lost = FindLost(before, ReadTree(server.disk(), kRoot));
  if (!lost.empty()) judgement.wrong = lost;
  if (started.ok()) {
    ReadTopics(server, damaged, judgement);
  } else if (!judgement.by_start) {
    judgement.wrong = "refused to start without naming the file: " + started.ToString();
  }
  if (!judgement.by_verify && judgement.noticed()) judgement.wrong = "verify is silent";
  return judgement;
}

void SmallDirectory::ReadTopics(SimulatedBroker& server, const std::set<std::string>& damaged,
                                Judgement& judgement) const {
  const bool topics_log = Under(io::JoinPath(kRoot, "internal/meta"), damaged);
  for (const auto& [place, values] : values_) {
    ReadPartition(server, place, topics_log || Under(DirectoryOf(place), damaged), judgement);
  }
}

std::string SmallDirectory::DirectoryOf(const Place& place) const {
  return fmt::format("{}/topics/{}/{}", kRoot, ids_.at(place.first), place.second);
}

void SmallDirectory::ReadPartition(SimulatedBroker& server, const Place& place, bool may_be_damaged,
                                   Judgement& judgement) const {
  const std::string name = fmt::format("{}/{}", place.first, place.second);
  const auto topic = server.broker().FindTopic(place.first);
  if (!topic.ok()) {
    if (!may_be_damaged) judgement.wrong = name + " is gone";
    return;
  }
  const std::vector<std::string>& values = values_.at(place);
  const auto start = log_starts_.find(place);
  auto from = start == log_starts_.end() ? int64_t{0} : start->second;
  bool missing = false;
  while (from < static_cast<int64_t>(values.size())) {
    const auto fetched = server.Wait<broker::FetchResult>([&](auto done) {
      server.broker().Fetch({.topic = *topic, .partition = place.second, .from = {from}}, done);
    });
    if (!fetched.ok() || fetched->batches.empty()) {
      missing = true;
      if (record::ReasonOf(fetched.status()) == record::Reason::kLogCorrupt) {
        judgement.by_read = true;
        const auto status = server.Describe(*topic, place.second);
        if (status->state_detail.empty()) judgement.wrong = name + " does not show its damage";
      }
      ++from;
      continue;
    }
    for (const record::Batch& batch : fetched->batches) {
      if (batch.header.base_offset.value != from) {
        judgement.wrong = fmt::format("{}: not the batch at offset {}", name, from);
      }
      std::string value = batch.header.record_count == 0 ? "" : ValueOf(batch);
      for (; from < batch.header.next_offset().value; ++from) {
        if (std::exchange(value, "") == values[static_cast<size_t>(from)]) continue;
        judgement.wrong = fmt::format("{}: wrong record at offset {}", name, from);
      }
    }
  }
  const absl::Status appended = server.Append(*topic, place.second, "more").status();
  if (!may_be_damaged && (missing || !appended.ok())) judgement.wrong = name + " does not serve";
  if (missing && !judgement.noticed()) judgement.wrong = name + " lacks records in silence";
}

bool SmallDirectory::DoRepair(io::SimulatedFileSystem& disk) {
  const absl::StatusOr<Survey> found = SurveyPath(disk, kRoot);
  if (!found.ok()) return false;
  for (const inspect::Fault& fault : found->faults) {
    if (fault.kind != inspect::Fault::Kind::kCheckpoint) return false;
    Must(PutCheckpointAside(disk, kRoot).status());
  }
  for (const SurveyedLog& log : found->logs) {
    const auto report = inspect::InspectLog(disk, log.place, inspect::Depth::kFrames);
    Must(report.status());
    const log::PartitionKey& key = log.place.key;
    const auto plan = inspect::PlanRepair(
        *report, log.place,
        broker::IsInternal(key) ? inspect::Beginning::kFixed : inspect::Beginning::kMovable);
    for (const inspect::RepairStep& step : plan.steps) {
      Must(inspect::DoStep(disk, log.place, step).status());
      if (step.kind == inspect::RepairStep::Kind::kForgetWitness) {
        Must(ForgetWitness(disk, kRoot, key));
      } else if (step.kind == inspect::RepairStep::Kind::kMoveLogStart) {
        io::SimulatedClock clock;
        io::SimulatedEventLoop loop(clock, 1);
        Must(MoveLogStart(disk, loop, kRoot, key, plan.log_start));
      }
    }
  }
  return true;
}

std::string SmallDirectory::Repair(std::unique_ptr<io::SimulatedFileSystem> disk,
                                   const std::set<std::string>& damaged) const {
  if (!DoRepair(*disk)) return {};
  const Tree repaired = ReadTree(*disk, kRoot);
  DoRepair(*disk);
  for (const auto& [path, content] : ReadTree(*disk, kRoot)) {
    const auto before = repaired.find(path);
    if (before == repaired.end() || before->second != content) {
      return "a second repair changed " + path;
    }
  }
  SimulatedBroker server(3);
  server.GoOnWith(std::move(disk));
  if (absl::Status started = server.Start(); !started.ok()) return started.ToString();
  Judgement judgement;
  for (const auto& [place, values] : values_) {
    const auto topic = server.broker().FindTopic(place.first);
    if (!topic.ok()) continue;  // What made it was cut from the log of the topics.
    if (!Under(DirectoryOf(place), damaged)) {
      ReadPartition(server, place, /*may_be_damaged=*/false, judgement);
      continue;
    }
    const absl::Status appended = server.Append(*topic, place.second, "more").status();
    if (!appended.ok()) return appended.ToString();
    const auto all = server.ReadAll(*topic, place.second);
    if (!all.ok()) return all.status().ToString();
  }
  return judgement.wrong;
}

}  // namespace leat::survey
