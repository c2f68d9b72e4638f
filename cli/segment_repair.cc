#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "cli/segment_text.h"
#include "cli/segment_verbs.h"
#include "fmt/format.h"
#include "server/broker/internal_log_id.h"
#include "server/survey/repair.h"
#include "server/survey/survey.h"
#include "storage/inspect/log_repair.h"
#include "storage/inspect/log_report.h"
#include "storage/io/io_backend.h"
#include "storage/io/posix_file_system.h"

namespace leat::cli {
namespace {

using inspect::Fault;
using inspect::RepairPlan;
using inspect::RepairStep;

bool DeviceFails(const std::vector<Fault>& faults) {
  return std::any_of(faults.begin(), faults.end(),
                     [](const Fault& fault) { return fault.kind == Fault::Kind::kUnreadable; });
}

std::string Describe(const RepairStep& step) {
  const std::string bytes = Count(static_cast<int64_t>(step.bytes), "byte");
  switch (step.kind) {
    case RepairStep::Kind::kMoveAway:
      return fmt::format("move {} to quarantine", step.file);
    case RepairStep::Kind::kCut:
      return fmt::format("keep {} of {} from byte {} on in quarantine, and cut there", bytes,
                         step.file, step.position.bytes);
    case RepairStep::Kind::kWriteFooter:
      return fmt::format("write the footer of {} anew at byte {}, keeping {} in quarantine",
                         step.file, step.position.bytes, bytes);
    case RepairStep::Kind::kMoveLogStart:
      return "let the log begin where its files do";
    case RepairStep::Kind::kForgetWitness:
      return "let the checkpoint say no more about this log";
  }
  return {};
}

// What the records that go mean beyond themselves.
std::string_view ConsequenceFor(const log::PartitionKey& key) {
  if (key == broker::TopicsLog().key) {
    return "  topics and partitions made by them are unknown then: the next start moves their "
           "directories to quarantine\n";
  }
  if (broker::IsInternal(key)) return "  groups fall back to what was committed before\n";
  return "";
}

std::string Describe(const survey::SurveyedLog& log, const RepairPlan& plan) {
  std::string text = fmt::format("{}:\n", NameOf(log));
  for (const RepairStep& step : plan.steps) text += fmt::format("  {}\n", Describe(step));
  if (plan.log_start > log.place.log_start) {
    text += fmt::format("  not there: {}, trimmed or lost before\n",
                        DescribeRange(log.place.log_start, plan.log_start));
  }
  if (plan.end == plan.known_end) return text + "  no record is lost\n";
  text += fmt::format("  lost: {}\n", DescribeRange(plan.end, plan.known_end));
  text += ConsequenceFor(log.place.key);
  return text;
}

class Repairer {
 public:
  Repairer(io::FileSystem& files, const GlobalOptions& globals, bool accept_loss)
      : files_(files), globals_(globals), accept_loss_(accept_loss) {}

  absl::Status Run(const survey::Survey& found) {
    for (const Fault& fault : found.faults) {
      if (absl::Status done = Repair(fault, found.data_directory); !done.ok()) return done;
    }
    for (const survey::SurveyedLog& log : found.logs) {
      if (absl::Status done = Repair(log, found.data_directory); !done.ok()) return done;
    }
    return absl::OkStatus();
  }

  // The log of the topics was cut: what was known of other logs, where they begin say, may be gone.
  bool topics_changed() const { return topics_changed_; }

  ExitCode Conclude() const {
    if (!found_) globals_.Tell("nothing to repair");
    if (planned_ && !accept_loss_) {
      globals_.Tell("nothing was changed: --accept-loss does it; a copy to restore from is better");
    }
    return left_ ? kFailed : kOk;
  }

 private:
  absl::Status Repair(const Fault& fault, const std::string& data_directory) {
    found_ = true;
    if (absl::Status told = Print(DescribeFault("", fault)); !told.ok()) return told;
    if (fault.kind != Fault::Kind::kCheckpoint) {
      left_ = true;
      return absl::OkStatus();
    }
    planned_ = true;
    left_ |= !accept_loss_;
    if (!accept_loss_) return Print(fmt::format("  move {} to quarantine\n", fault.file));
    const auto kept = survey::PutCheckpointAside(files_, data_directory);
    if (!kept.ok()) return kept.status();
    return Print(fmt::format("  kept as {}\n", *kept));
  }

  absl::Status Repair(const survey::SurveyedLog& log, const std::string& data_directory) {
    const auto report = inspect::InspectLog(files_, log.place, inspect::Depth::kFrames);
    if (!report.ok()) return report.status();
    for (const Fault& fault : report->faults) {
      if (absl::Status told = Print(DescribeFault(NameOf(log), fault)); !told.ok()) return told;
    }
    // What cannot be read must not be cut: on another device it may come back.
    if (DeviceFails(report->faults)) {
      found_ = left_ = true;
      return absl::OkStatus();
    }
    // Of the server's own logs not every record may be the first: they end where they are damaged.
    const auto beginning = broker::IsInternal(log.place.key) ? inspect::Beginning::kFixed
                                                             : inspect::Beginning::kMovable;
    const RepairPlan plan = inspect::PlanRepair(*report, log.place, beginning);
    if (plan.steps.empty()) return absl::OkStatus();
    found_ = planned_ = true;
    left_ |= !accept_loss_;
    absl::Status status = Print(Describe(log, plan));
    if (!status.ok() || !accept_loss_) return status;
    for (const RepairStep& step : plan.steps) {
      status = step.kind == RepairStep::Kind::kMoveLogStart
                   ? MoveLogStart(data_directory, log.place.key, plan.log_start)
                   : Do(step, log, data_directory);
      if (!status.ok()) return status;
    }
    topics_changed_ |= log.place.key == broker::TopicsLog().key;
    return Check(log, plan.log_start);
  }

  absl::Status MoveLogStart(const std::string& data_directory, const log::PartitionKey& key,
                            record::Offset log_start) {
    // Of a copy elsewhere nobody knows but its files.
    if (data_directory.empty()) return absl::OkStatus();
    const auto backend = io::ChooseIoBackend({});
    if (!backend.ok()) return backend.status();
    const auto loop = backend->new_event_loop();
    if (!loop.ok()) return loop.status();
    return survey::MoveLogStart(files_, **loop, data_directory, key, log_start);
  }

  absl::Status Do(const RepairStep& step, const survey::SurveyedLog& log,
                  const std::string& data_directory) {
    if (step.kind == RepairStep::Kind::kForgetWitness) {
      return survey::ForgetWitness(files_, data_directory, log.place.key);
    }
    const auto kept = inspect::DoStep(files_, log.place, step);
    if (!kept.ok()) return kept.status();
    return kept->empty() ? absl::OkStatus() : Print(fmt::format("  kept as {}\n", *kept));
  }

  // What was repaired must look sound to those who look next.
  absl::Status Check(survey::SurveyedLog log, record::Offset log_start) {
    log.place.log_start = log_start;
    log.place.checkpoint.reset();
    const auto report = inspect::InspectLog(files_, log.place, inspect::Depth::kFrames);
    if (!report.ok()) return report.status();
    if (report->faults.empty()) return Print("  repaired\n");
    left_ = true;
    for (const Fault& fault : report->faults) {
      if (absl::Status told = Print(DescribeFault(NameOf(log), fault)); !told.ok()) return told;
    }
    return absl::OkStatus();
  }

  io::FileSystem& files_;
  const GlobalOptions& globals_;
  const bool accept_loss_;
  bool found_ = false;
  bool planned_ = false;
  bool left_ = false;  // Something is still damaged.
  bool topics_changed_ = false;
};

absl::Status SurveyAndRepair(io::FileSystem& files, const std::string& path, Repairer& repairer) {
  const auto found = survey::SurveyPath(files, path);
  return found.ok() ? repairer.Run(*found) : found.status();
}

}  // namespace

ExitCode RepairSegments(const GlobalOptions& globals, const SegmentFlags& flags) {
  io::FileSystem& files = io::PosixFileSystem();
  const std::string path = AbsolutePath(flags.path);
  if (path.ends_with(".log")) {
    return Fail(absl::InvalidArgumentError(fmt::format(
                    "{} is a segment: name its directory, for a log is repaired as a whole", path)),
                {});
  }
  const auto lock = survey::LockForTool(files, path);
  if (!lock.ok()) return Fail(lock.status(), {});
  Repairer repairer(files, globals, flags.accept_loss);
  absl::Status repaired = SurveyAndRepair(files, path, repairer);
  if (repaired.ok() && repairer.topics_changed()) {
    repaired = SurveyAndRepair(files, path, repairer);
  }
  return repaired.ok() ? repairer.Conclude() : Fail(repaired, {});
}

}  // namespace leat::cli
