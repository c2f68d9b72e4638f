#include "tests/crash/image.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "tests/crash/server.h"
#include "tests/storage/log/batches.h"

namespace leat::crash {
namespace {

constexpr char kNewGroup[] = "new-group";

absl::Status After(std::string_view what, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), fmt::format("{}: {}", what, status.ToString()));
}

// Files by path; without the checkpoint, which every start writes anew.
std::map<std::string, std::string> Content(io::FileSystem& disk) {
  std::map<std::string, std::string> content;
  std::vector<std::string> directories = {broker::SimulatedBroker::kDirectory};
  while (!directories.empty()) {
    const std::string directory = std::move(directories.back());
    directories.pop_back();
    const auto names = disk.List(directory);
    for (const std::string& name : *names) {
      const std::string path = io::JoinPath(directory, name);
      if (name.ends_with('/')) {
        directories.push_back(path.substr(0, path.size() - 1));
      } else if (name != "checkpoint") {
        content[path] = *io::ReadFile(disk, path, uint64_t{1} << 30);
      }
    }
  }
  return content;
}

std::string FirstDifference(const std::map<std::string, std::string>& before,
                            const std::map<std::string, std::string>& after) {
  for (const auto& [path, bytes] : before) {
    const auto at = after.find(path);
    if (at == after.end()) return path + " is gone";
    if (at->second != bytes) return path + " differs";
  }
  for (const auto& [path, bytes] : after) {
    if (!before.contains(path)) return path + " is new";
  }
  return "";
}

class Image {
 public:
  Image(const Ledger& ledger, uint64_t seed, absl::Duration elapsed)
      : seed_(seed), elapsed_(elapsed), ledger_(ledger) {}

  absl::Status Check(std::unique_ptr<io::SimulatedFileSystem> disk) {
    Server first = Make(std::move(disk));
    if (absl::Status started = first.Start(); !started.ok()) return started;
    absl::Status checked = CheckContent(first);
    if (!checked.ok()) return checked;
    // What is left to tidy up, such as directories of deleted topics.
    first.Advance(absl::Seconds(3));
    checked = After("after a while", CheckContent(first));
    if (!checked.ok()) return checked;
    return CheckAgain(first);
  }

 private:
  Server Make(std::unique_ptr<io::SimulatedFileSystem> disk) {
    return Server(++seed_, std::move(disk), elapsed_);
  }

  absl::Status CheckContent(Server& server) {
    absl::StatusOr<Found> read = server.Read();
    if (!read.ok()) return read.status();
    found_ = *std::move(read);
    return ledger_.Check(found_);
  }

  // The process dies and another one recovers, which finds the same. It dies at once: then there is
  // nothing left for recovery to do.
  absl::Status CheckAgain(Server& first) {
    Server second = Make(first.disk().Kill());
    absl::Status checked = StartAndCompare(second);
    if (!checked.ok()) return checked;
    Server third = Make(second.disk().Kill());
    const auto before = Content(third.disk());
    checked = StartAndCompare(third);
    if (!checked.ok()) return checked;
    const std::string difference = FirstDifference(before, Content(third.disk()));
    if (!difference.empty()) return absl::DataLossError("recovering again: " + difference);
    return seed_ % 4 == 0 ? CheckGoesOn(third) : absl::OkStatus();
  }

  absl::Status StartAndCompare(Server& server) const {
    if (absl::Status started = server.Start(); !started.ok()) {
      return After("recovering again", started);
    }
    const auto& findings = server.broker().recovery().findings;
    if (!findings.empty()) {
      return absl::DataLossError("recovering again finds " + findings.front().finding.detail);
    }
    const absl::StatusOr<Found> again = server.Read();
    if (!again.ok()) return After("recovering again", again.status());
    if (*again != found_) return absl::DataLossError("recovering again finds something else");
    return absl::OkStatus();
  }

  // What is appended and committed now is there after another cut, with all that was there before.
  absl::Status CheckGoesOn(Server& server) {
    Ledger ledger;
    ledger.Adopt(found_);
    const int64_t now_ms = server.clock().WallMillis();
    for (const broker::TopicHandle& topic : server.broker().ListTopics("", "", 100)) {
      const record::Batch batch = log::MakeBatch(0, 1, "goes on", now_ms);
      const auto appended = server.Wait<log::AppendResult>(
          [&](auto done) { server.broker().Append(topic, 0, batch, done); });
      if (!appended.ok()) return After("going on", appended.status());
      PartitionLedger& partition = ledger.topics.at(topic->name).partitions().front();
      partition.Send(seed_, 1, std::string(batch.payload));
      absl::Status acknowledged = partition.Acknowledge(seed_, appended->base_offset.value);
      if (!acknowledged.ok()) return After("going on", acknowledged);
      absl::Status committed = Commit(server, *topic, ledger);
      if (!committed.ok()) return After("going on", committed);
    }
    Server last = Make(server.disk().Crash(seed_));
    last.options().compaction_interval = absl::Seconds(1);
    if (absl::Status started = last.Start(); !started.ok()) return After("going on", started);
    absl::StatusOr<Found> read = last.Read();
    absl::Status checked = read.ok() ? ledger.Check(*read) : read.status();
    if (!checked.ok()) return After("going on", checked);
    last.Advance(absl::Seconds(3));
    read = last.Read();
    return After("compacting", read.ok() ? ledger.Check(*read) : read.status());
  }

  static absl::Status Commit(Server& server, const broker::Topic& topic, Ledger& ledger) {
    const std::string name = kNewGroup + topic.name;
    const auto committed = server.Wait<group::Outcome>([&](auto done) {
      server.groups().Submit(
          group::command::Commit{.group = name, .positions = {{{{topic.id, 0}, 0}, 1, 1}}},
          std::move(done));
    });
    if (!committed.ok()) return committed.status();
    ledger.groups[name].Ask(1, 1);
    ledger.groups[name].Answer(1);
    return committed->front().status;
  }

  uint64_t seed_;
  const absl::Duration elapsed_;
  const Ledger& ledger_;
  Found found_;
};

}  // namespace

absl::Status CheckImage(const io::SimulatedFileSystem& disk, const Ledger& ledger, uint64_t seed,
                        absl::Duration elapsed) {
  return Image(ledger, seed, elapsed).Check(disk.Crash(seed));
}

}  // namespace leat::crash
