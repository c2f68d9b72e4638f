#include "cli/group_consume_job.h"

#include <unistd.h>

#include <limits>
#include <utility>

#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "client/consumer.h"
#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::cli {
namespace {

using client::ConsumeEvent;
using client::Consumer;
using client::MemberPosition;

client::ConsumerOptions OptionsFor(const ConsumeFlags& flags, client::Position start) {
  client::ConsumerOptions options{.group = flags.group,
                                  .instance_id = flags.instance_id,
                                  .client_name = "leat consume",
                                  .start = start,
                                  .commit = client::ConsumerOptions::CommitMode::kManual};
  for (const std::string& topic : flags.topics) {
    // As kcat has it, a name that begins with ^ is a pattern.
    const bool pattern = flags.regex || topic.starts_with('^');
    (pattern ? options.topic_patterns : options.topics).push_back(topic);
  }
  return options;
}

class GroupConsumeJob : public client::AssignmentListener {
 public:
  GroupConsumeJob(const GlobalOptions& globals, const ConsumeFlags& flags, client::Position start,
                  std::unique_ptr<RecordFormat> format)
      : globals_(globals),
        flags_(flags),
        format_(std::move(format)),
        left_(flags.count.value_or(std::numeric_limits<uint64_t>::max())),
        progress_(!globals.quiet && !isatty(STDOUT_FILENO), 0),
        consumer_(globals.Connect(), OptionsFor(flags, start), this) {}

  void Stop() { consumer_.Stop(); }

  // Blocks until the job is over. What was printed is flushed then.
  ExitCode Run() {
    while (left_ > 0 && result_ == kOk) {
      // What is at hand is shown, and committed, before waiting for more.
      if (!consumer_.HasRecords() && !FlushAndCommit()) break;
      const absl::StatusOr<ConsumeEvent> event = consumer_.Next();
      if (absl::IsCancelled(event.status())) break;
      if (!event.ok()) {
        Fault(event.status());
      } else if (!Write(*event)) {
        break;
      }
    }
    return Finish();
  }

 private:
  // --- What the group says ---

  void OnAssigned(const std::vector<MemberPosition>& partitions,
                  client::ChangeReason reason) override {
    const bool moved = reason == client::ChangeReason::kSeek;
    for (const MemberPosition& p : partitions) {
      Note(fmt::format("topic {} partition {}: {} offset {}", p.place.topic, p.place.partition,
                       moved ? "moved to" : "ours, from", p.next_offset));
    }
  }

  void OnRevoked(const std::vector<MemberPosition>& partitions, absl::Duration) override {
    FlushAndCommit();
    const bool kept = closing_ && !flags_.instance_id.empty();
    for (const MemberPosition& p : partitions) {
      Note(fmt::format("topic {} partition {}: {} at offset {}", p.place.topic, p.place.partition,
                       kept ? "kept for a restart" : "given back", p.next_offset));
    }
  }

  void OnLost(const std::vector<MemberPosition>& partitions, client::ChangeReason reason) override {
    const bool deleted = reason == client::ChangeReason::kTopicsChanged;
    for (const MemberPosition& p : partitions) {
      Note(fmt::format(
          "topic {} partition {}: {}", p.place.topic, p.place.partition,
          deleted ? "gone with its topic" : "lost; what was not committed comes again"));
    }
  }

  void OnDisconnected(const absl::Status& why) override {
    Note(fmt::format("connection lost ({}), joining again", std::string(why.message())));
  }

  void OnReconnected() override { Note("joined again"); }

  void Note(const std::string& text) {
    progress_.Clear();
    globals_.Tell(text);
  }

  // --- Records ---

  // False when the job is over. So with the next.
  bool Write(const ConsumeEvent& event) {
    if (event.kind == ConsumeEvent::Kind::kGap) {
      Complain(fmt::format(
          "topic {} partition {}: records {} up to {} are gone, retention or a trim removed them",
          event.topic, event.partition, event.gap_from, event.gap_to));
      return true;
    }
    if (event.kind == ConsumeEvent::Kind::kDamage) {
      NoteDamage(event);
      return true;
    }
    BeginOutput();
    format_->Append({event.topic, event.partition, event.record}, output_.buffer());
    ++records_;
    bytes_ += event.record.key.value_or("").size() + event.record.value.value_or("").size();
    progress_.Update(records_, bytes_);
    --left_;
    if (output_.buffer()->size() < kFlushBytes) return left_ > 0;
    return FlushAndCommit() && left_ > 0;
  }

  // The other partitions are read on.
  void NoteDamage(const ConsumeEvent& event) {
    progress_.Clear();
    const std::string behind = MetadataValue(event.damage, "nextOffset");
    Complain(fmt::format(
        "{}; 'leat group seek {} --topic {} -p {} -o {} --force' goes past it, the other "
        "partitions are read on",
        std::string(event.damage.message()), flags_.group, event.topic, event.partition,
        behind.empty() ? "OFFSET" : behind));
    damaged_ = true;
  }

  // Commits only what is written: after a kill it is printed again, never lost.
  bool FlushAndCommit() {
    if (absl::Status status = output_.Flush(); !status.ok()) {
      if (!IsClosed(status) && result_ == kOk) result_ = Fail(status, {});
      return false;
    }
    if (flags_.commit != "none") {
      consumer_.Commit([this](const client::CommitResult& result) { NoteCommit(result); });
    }
    return true;
  }

  void NoteCommit(const client::CommitResult& result) {
    // A partition that went to another member is no fault.
    if (result.status.ok() || record::ReasonOf(result.status) == record::Reason::kFencedMemberEpoch)
      return;
    commit_error_ = result.status;
  }

  void BeginOutput() {
    if (!std::exchange(begun_, true)) format_->Begin(output_.buffer());
  }

  void Fault(const absl::Status& status) {
    progress_.Clear();
    const ExitCode code = Fail(status, {globals_.server, flags_.topics[0], flags_.group});
    result_ = records_ > 0 ? kPartlyDone : code;
  }

  ExitCode Finish() {
    progress_.Clear();
    // A job that failed before its first record has nothing to say on its output.
    if (result_ == kOk) BeginOutput();
    if (begun_) format_->End(output_.buffer());
    commit_error_ = absl::OkStatus();
    closing_ = true;
    FlushAndCommit();
    // A static member that comes back finds its place.
    absl::Status closed = consumer_.Close(
        flags_.instance_id.empty() ? Consumer::Departure::kLeave : Consumer::Departure::kKeepPlace);
    if (closed.ok()) closed = commit_error_;
    if (!closed.ok() && result_ == kOk) {
      Complain(fmt::format("{}; the last records may come again",
                           Explain(closed, {globals_.server, {}, flags_.group})));
      result_ = kPartlyDone;
    }
    return damaged_ && result_ == kOk ? kPartlyDone : result_;
  }

  static constexpr size_t kFlushBytes = 64 << 10;

  const GlobalOptions& globals_;
  const ConsumeFlags& flags_;
  const std::unique_ptr<RecordFormat> format_;
  Output output_{STDOUT_FILENO};
  bool begun_ = false;
  uint64_t left_;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  ProgressLine progress_;
  ExitCode result_ = kOk;
  bool damaged_ = false;  // Of some partition not all could be read.
  bool closing_ = false;
  absl::Status commit_error_;  // Of a commit that may have been the last.
  Consumer consumer_;
};

}  // namespace

ExitCode ConsumeInGroup(const GlobalOptions& globals, const ConsumeFlags& flags,
                        client::Position start, std::unique_ptr<RecordFormat> format) {
  GroupConsumeJob job(globals, flags, start, std::move(format));
  const Interrupt interrupt([&job] { job.Stop(); });
  const ExitCode result = job.Run();
  return interrupt.requested() && result == kOk ? kInterrupted : result;
}

}  // namespace leat::cli
