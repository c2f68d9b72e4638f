#include "cli/consume_job.h"

#include <re2/re2.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "cli/failure.h"
#include "cli/group_consume_job.h"
#include "cli/interrupt.h"
#include "cli/offset_range.h"
#include "cli/output.h"
#include "cli/record_format.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "client/reader.h"
#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::cli {
namespace {

// Readers of several topics that write to one output. A thread a topic; whichever ends the job
// stops all.
class ConsumeJob {
 public:
  ConsumeJob(const ConsumeFlags& flags, OffsetRange range, std::unique_ptr<RecordFormat> format,
             const GlobalOptions& globals)
      : globals_(globals),
        format_(std::move(format)),
        left_(flags.count.value_or(std::numeric_limits<uint64_t>::max())),
        progress_(!globals.quiet && !isatty(STDOUT_FILENO), 0) {
    if (flags.count == 0) return;
    const client::Client client = globals.Connect();
    for (const std::string& topic : flags.topics) {
      client::ReadOptions options{
          .topic = topic, .partitions = flags.partitions, .start = range.start, .end = range.end};
      topics_.push_back({topic, std::make_unique<client::Reader>(client, std::move(options))});
    }
  }

  // Blocks until the job is over. What was printed is flushed then.
  ExitCode Run() {
    std::vector<std::thread> threads;
    for (const Topic& topic : topics_) threads.emplace_back([this, &topic] { Read(topic); });
    for (std::thread& thread : threads) thread.join();
    absl::MutexLock lock(&mutex_);
    progress_.Clear();
    // A job that failed before its first record has nothing to say on its output.
    if (result_ == kOk) BeginOutput();
    if (begun_) format_->End(output_.buffer());
    NoteOutput(output_.Flush());
    return result_;
  }

  void Stop() {
    for (const Topic& topic : topics_) topic.reader->Stop();
  }

 private:
  struct Topic {
    std::string name;
    std::unique_ptr<client::Reader> reader;
  };

  void Read(const Topic& topic) {
    while (true) {
      // What is at hand is shown before waiting for more.
      if (!topic.reader->HasRecords() && !FlushOutput()) return;
      const absl::StatusOr<std::optional<client::ReadEvent>> event = topic.reader->Next();
      if (absl::IsCancelled(event.status())) return;
      if (!event.ok()) {
        Fault(event.status(), topic.name);
        return;
      }
      if (!event->has_value()) return;
      if ((*event)->kind == client::ReadEvent::Kind::kGap) {
        Complain(fmt::format(
            "topic {} partition {}: records {} up to {} are gone, retention or a trim removed them",
            topic.name, (*event)->partition, (*event)->gap_from, (*event)->gap_to));
      } else if ((*event)->kind == client::ReadEvent::Kind::kDamage) {
        NoteDamage((*event)->damage, topic.name);
      } else if ((*event)->kind == client::ReadEvent::Kind::kRecord &&
                 !Write(topic.name, **event)) {
        return;
      }
    }
  }

  // False when the job is over. So with the next.
  bool Write(const std::string& topic, const client::ReadEvent& event) {
    absl::MutexLock lock(&mutex_);
    if (left_ == 0) return false;
    BeginOutput();
    format_->Append({topic, event.partition, event.record}, output_.buffer());
    ++records_;
    bytes_ += event.record.key.value_or("").size() + event.record.value.value_or("").size();
    progress_.Update(records_, bytes_);
    if (--left_ == 0) Stop();
    return NoteOutput(output_.MayFlush()) && left_ > 0;
  }

  void BeginOutput() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!std::exchange(begun_, true)) format_->Begin(output_.buffer());
  }

  bool FlushOutput() {
    absl::MutexLock lock(&mutex_);
    return NoteOutput(output_.Flush());
  }

  bool NoteOutput(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (status.ok()) return true;
    if (!IsClosed(status) && result_ == kOk) result_ = Fail(status, {});
    Stop();
    return false;
  }

  // The other partitions are read on.
  void NoteDamage(const absl::Status& status, const std::string& topic) {
    absl::MutexLock lock(&mutex_);
    progress_.Clear();
    Fail(status, {globals_.server, topic});
    if (result_ == kOk) result_ = kPartlyDone;
  }

  void Fault(const absl::Status& status, const std::string& topic) {
    absl::MutexLock lock(&mutex_);
    progress_.Clear();
    const ExitCode code = Fail(status, {globals_.server, topic});
    if (result_ == kOk) result_ = records_ > 0 ? kPartlyDone : code;
    Stop();
  }

  const GlobalOptions& globals_;
  std::vector<Topic> topics_;

  absl::Mutex mutex_;
  const std::unique_ptr<RecordFormat> format_;
  Output output_{STDOUT_FILENO};
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t left_ ABSL_GUARDED_BY(mutex_);
  uint64_t records_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  ProgressLine progress_ ABSL_GUARDED_BY(mutex_);
  ExitCode result_ ABSL_GUARDED_BY(mutex_) = kOk;
};

// What a group does not offer; empty when all is well.
std::string Contradiction(const ConsumeFlags& flags, const OffsetRange& range) {
  if (flags.commit != "auto" && flags.commit != "none") {
    return fmt::format("unknown commit mode '{}': auto or none", flags.commit);
  }
  if (flags.group.empty()) {
    return flags.instance_id.empty() ? "" : "--instance-id names a member of a group: add -g";
  }
  if (!flags.partitions.empty())
    return "-p cannot be used with -g: the group shares partitions out";
  if (range.end.has_value() || flags.exit_at_end) {
    return "a group has no end: leave out -e and the end of -o, or use -n";
  }
  if (range.start.kind == client::Position::Kind::kOffset ||
      range.start.kind == client::Position::Kind::kAfterStart) {
    return "with -g, -o says where partitions begin that have no committed offset: start, end, -N "
           "or "
           "@TIME; 'leat group seek' moves the others";
  }
  return "";
}

// The topics that `patterns` match now, as a group's members would: the whole name.
absl::StatusOr<std::vector<std::string>> MatchTopics(const client::Admin& admin,
                                                     const std::vector<std::string>& patterns) {
  const auto topics = admin.ListTopics();
  if (!topics.ok()) return topics.status();
  std::vector<std::string> matching;
  for (const std::string& pattern : patterns) {
    const RE2 expression(pattern, RE2::Quiet);
    if (!expression.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("cannot read pattern '{}': {}", pattern, expression.error()));
    }
    for (const v1::Topic& topic : *topics) {
      if (RE2::FullMatch(topic.name(), expression)) matching.push_back(topic.name());
    }
  }
  std::sort(matching.begin(), matching.end());
  matching.erase(std::unique(matching.begin(), matching.end()), matching.end());
  if (matching.empty()) {
    return absl::NotFoundError("no topic matches; 'leat topic ls' shows what there is");
  }
  return matching;
}

// Groups wait for topics that are not there: a name that was mistyped, in silence.
void TellMissing(const GlobalOptions& globals, const ConsumeFlags& flags) {
  const client::Admin admin(globals.Connect());
  if (flags.regex) {
    if (absl::IsNotFound(MatchTopics(admin, flags.topics).status())) {
      globals.Tell("no topic matches yet: waiting for one to be made");
    }
    return;
  }
  for (const std::string& topic : flags.topics) {
    if (record::ReasonOf(admin.GetTopic(topic).status()) == record::Reason::kTopicNotFound) {
      globals.Tell(fmt::format("there is no topic '{}' yet: waiting for it to be made", topic));
    }
  }
}

}  // namespace

ExitCode Consume(const GlobalOptions& globals, ConsumeFlags flags) {
  absl::StatusOr<OffsetRange> range = ParseOffsetRange(flags.offsets, absl::Now());
  if (!range.ok()) return Fail(range.status(), {});
  auto format = ParseRecordFormat(flags.format, ColoursOnOutput() ? Colour::kYes : Colour::kNo);
  if (!format.ok()) return Fail(format.status(), {});
  if (std::string wrong = Contradiction(flags, *range); !wrong.empty()) {
    return Fail(absl::InvalidArgumentError(wrong), {});
  }
  if (!flags.group.empty()) {
    TellMissing(globals, flags);
    return ConsumeInGroup(globals, flags, range->start, *std::move(format));
  }
  if (flags.regex) {
    auto topics = MatchTopics(client::Admin(globals.Connect()), flags.topics);
    if (!topics.ok()) return Fail(topics.status(), {globals.server, {}});
    flags.topics = *std::move(topics);
  }
  if (flags.exit_at_end && !range->end.has_value()) range->end = client::Position::Latest();
  ConsumeJob job(flags, *range, *std::move(format), globals);
  const Interrupt interrupt([&job] { job.Stop(); });
  const ExitCode result = job.Run();
  return interrupt.requested() && result == kOk ? kInterrupted : result;
}

}  // namespace leat::cli
