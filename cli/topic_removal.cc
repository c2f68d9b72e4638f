// The topic verbs that destroy records.

#include <algorithm>

#include "absl/time/clock.h"
#include "cli/failure.h"
#include "cli/offset_range.h"
#include "cli/quantity.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/topic_verbs.h"
#include "client/admin.h"
#include "client/read_plan.h"
#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::cli {
namespace {

// Where the log starts now, of each partition.
using Partitions = google::protobuf::RepeatedPtrField<v1::Partition>;

const v1::Partition* Find(const Partitions& partitions, uint32_t number) {
  for (const v1::Partition& partition : partitions) {
    if (partition.partition() == number) return &partition;
  }
  return nullptr;
}

// As `Fail`, for an offset that some partition has not got.
ExitCode FailTrim(const absl::Status& status, const Subject& subject) {
  if (record::ReasonOf(status) != record::Reason::kOffsetOutOfRange) return Fail(status, subject);
  Complain(fmt::format(
      "{}; nothing was removed: -p trims some partitions only, 'leat topic describe {}' shows how "
      "far each one goes",
      std::string(status.message()), subject.topic));
  return ExitCodeOf(status);
}

struct TrimPlan {
  v1::TrimTopicRequest request;
  std::string text;
  int64_t records = 0;
};

absl::StatusOr<TrimPlan> PlanTrim(const client::Admin& admin, const TopicFlags& flags) {
  const absl::StatusOr<client::Position> position = ParsePosition(flags.offset, absl::Now());
  if (!position.ok()) return position.status();
  const auto described = admin.GetTopic(flags.topics[0]);
  if (!described.ok()) return described.status();
  const auto targets = client::PlanRead(admin, flags.topics[0], flags.partitions, *position, {});
  if (!targets.ok()) return targets.status();

  TrimPlan plan;
  plan.request.set_topic(flags.topics[0]);
  plan.request.set_topic_id(targets->topic_id);
  Table table({">PARTITION", ">LOG START", ">NEW LOG START", ">RECORDS REMOVED"});
  for (const client::PlannedPartition& target : targets->partitions) {
    const v1::Partition* now = Find(described->partitions(), target.partition);
    const int64_t log_start = now == nullptr ? 0 : now->log_start_offset();
    const int64_t new_start = std::max(log_start, target.next_offset);
    v1::TrimTarget* out = plan.request.add_targets();
    out->set_partition(target.partition);
    out->set_log_start_offset(new_start);
    plan.records += new_start - log_start;
    table.Add({std::to_string(target.partition), std::to_string(log_start),
               std::to_string(new_start), FormatCount(new_start - log_start)});
  }
  plan.text = fmt::format("topic {}\n{}", flags.topics[0], table.ToText());
  return plan;
}

std::string DescribeRemoval(const v1::GetTopicResponse& described) {
  int64_t records = 0;
  int64_t bytes = 0;
  for (const v1::Partition& partition : described.partitions()) {
    records += partition.high_watermark() - partition.log_start_offset();
    bytes += partition.bytes_on_disk();
  }
  return fmt::format("topic {}: {}, {}, {} on disk\n", described.topic().name(),
                     Count(described.partitions_size(), "partition"), Count(records, "record"),
                     FormatBytes(bytes));
}

}  // namespace

ExitCode TrimTopic(const GlobalOptions& globals, const TopicFlags& flags) {
  const Subject subject = {globals.server, flags.topics[0]};
  const client::Admin admin(globals.Connect());
  absl::StatusOr<TrimPlan> plan = PlanTrim(admin, flags);
  if (!plan.ok()) return FailTrim(plan.status(), subject);
  plan->request.set_validate_only(true);
  if (auto checked = admin.TrimTopic(plan->request); !checked.ok()) {
    return FailTrim(checked.status(), subject);
  }
  if (flags.dry_run) return PrintOrFail(plan->text + "dry run: nothing was removed\n");
  const std::string question = fmt::format("Remove {} for good?", Count(plan->records, "record"));
  if (absl::Status status =
          Confirm(globals.quiet && flags.yes ? "" : plan->text, question, flags.yes);
      !status.ok()) {
    return Fail(status, {});
  }
  plan->request.set_validate_only(false);
  if (auto trimmed = admin.TrimTopic(plan->request); !trimmed.ok()) {
    return FailTrim(trimmed.status(), subject);
  }
  globals.Tell(fmt::format("removed {}", Count(plan->records, "record")));
  return kOk;
}

ExitCode RemoveTopics(const GlobalOptions& globals, const TopicFlags& flags) {
  const client::Admin admin(globals.Connect());
  std::vector<v1::DeleteTopicRequest> requests;
  std::string plan;
  for (const std::string& topic : flags.topics) {
    const auto described = admin.GetTopic(topic);
    if (!described.ok()) return Fail(described.status(), {globals.server, topic});
    plan += DescribeRemoval(*described);
    // The topic that was shown, and no other that took its name meanwhile.
    requests.emplace_back().set_topic(topic);
    requests.back().set_topic_id(described->topic().topic_id());
  }
  if (absl::Status status =
          Confirm(globals.quiet && flags.yes ? "" : plan, "Delete for good?", flags.yes);
      !status.ok()) {
    return Fail(status, {});
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    if (absl::Status status = admin.DeleteTopic(requests[i]); !status.ok()) {
      const ExitCode code = Fail(status, {globals.server, requests[i].topic()});
      return i == 0 ? code : kPartlyDone;
    }
    globals.Tell(fmt::format("deleted topic {}", requests[i].topic()));
  }
  return kOk;
}

}  // namespace leat::cli
