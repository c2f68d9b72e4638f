#include "server/survey/survey.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "server/broker/data_directory.h"
#include "server/broker/internal_log_id.h"
#include "server/broker/recovery_plan.h"
#include "server/broker/topic.h"
#include "server/survey/topics_reader.h"
#include "storage/inspect/dry_run_files.h"
#include "storage/inspect/log_report.h"
#include "storage/log/corruption.h"
#include "storage/log/segment_file.h"

namespace leat::survey {
namespace {

using inspect::Fault;
using io::JoinPath;

constexpr char kLockName[] = "LOCK";

bool Has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool HoldsSegments(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return log::ParseSegmentFileName(name).has_value();
  });
}

// Whether damage, of this or that kind, is what an error is about.
bool IsFault(const absl::Status& status) {
  return absl::IsDataLoss(status) || log::IsDamage(status);
}

// Whose the directory `topic` + `partition` is, both as a listing has them.
std::optional<log::PartitionKey> KeyOf(std::string_view topic, std::string_view partition) {
  log::PartitionKey key;
  const auto id = broker::ParseUuid(topic.substr(0, topic.size() - 1));
  partition.remove_suffix(1);
  const char* end = partition.data() + partition.size();
  const auto number = std::from_chars(partition.data(), end, key.partition);
  if (!id.has_value() || number.ec != std::errc() || number.ptr != end) return std::nullopt;
  key.topic_id = *id;
  return key;
}

class DirectorySurveyor {
 public:
  DirectorySurveyor(io::FileSystem& files, const std::string& path) : files_(files), path_(path) {
    survey_.data_directory = path;
  }

  absl::StatusOr<Survey> Run() && {
    const auto names = files_.List(path_);
    if (!names.ok()) return names.status();
    if (!Has(*names, "meta")) {
      AddFault(Fault::Kind::kMeta, JoinPath(path_, "meta"), absl::NotFoundError("it is missing"));
      return std::move(survey_);
    }
    auto opened = broker::DataDirectory::Open(files_, path_, {});
    if (!IsFault(opened.status())) {
      if (!opened.ok()) return opened.status();
    } else {
      AddFault(Fault::Kind::kMeta, JoinPath(path_, "meta"), opened.status());
      return std::move(survey_);
    }
    directory_ = *std::move(opened);
    absl::Status status = ReadCheckpoint();
    if (status.ok()) status = AddTopics();
    for (uint32_t i = 0; status.ok() && i < broker::kGroupLogs; ++i) {
      status = AddInternal(broker::GroupsLog(i));
    }
    if (!status.ok()) return status;
    return std::move(survey_);
  }

 private:
  void AddFault(Fault::Kind kind, std::string file, const absl::Status& status) {
    survey_.faults.push_back(
        {.kind = kind, .file = std::move(file), .what = std::string(status.message())});
  }

  absl::Status ReadCheckpoint() {
    absl::StatusOr<log::Checkpoint> checkpoint =
        log::ReadCheckpoint(files_, directory_->CheckpointPath());
    if (checkpoint.ok()) {
      checkpoint_ = *std::move(checkpoint);
    } else if (IsFault(checkpoint.status())) {
      AddFault(Fault::Kind::kCheckpoint, directory_->CheckpointPath(), checkpoint.status());
    } else {
      return checkpoint.status();
    }
    return absl::OkStatus();
  }

  // Topics are made after the first checkpoint is written.
  absl::Status NoteMissingCheckpoint() {
    const auto names = files_.List(path_);
    if (!names.ok() || Has(*names, "checkpoint")) return names.status();
    survey_.at_start.push_back(
        {.kind = log::Finding::Kind::kMissing,
         .file = directory_->CheckpointPath(),
         .detail =
             "it is missing: without it, records missing at the end of a log are not noticed"});
    return absl::OkStatus();
  }

  // A log of the server's own, if it has files or must have.
  absl::Status AddInternal(const broker::InternalLogId& id) {
    auto place = broker::InternalLogPlace(id, *directory_, checkpoint_);
    if (IsFault(place.status())) {
      AddFault(Fault::Kind::kLogStart, JoinPath(path_, fmt::format("internal/{}.start", id.name)),
               place.status());
      return absl::OkStatus();
    }
    if (!place.ok()) return place.status();
    const auto bases = inspect::ListSegments(files_, place->directory);
    if (!bases.ok()) return bases.status();
    if (bases->empty() && !place->checkpoint.has_value()) return absl::OkStatus();
    survey_.logs.push_back({.topic = id.topic, .place = *std::move(place)});
    return absl::OkStatus();
  }

  absl::Status AddTopics() {
    const size_t before = survey_.logs.size();
    if (absl::Status added = AddInternal(broker::TopicsLog()); !added.ok()) return added;
    if (survey_.logs.size() == before) return AddUnnamed();
    const log::RecoveryInput& place = survey_.logs.back().place;
    const auto report = inspect::InspectLog(files_, place, inspect::Depth::kOutline);
    if (!report.ok()) return report.status();
    if (report->next_offset == place.log_start) return AddUnnamed();
    absl::StatusOr<broker::TopicState> topics = ReadTopics(files_, place, report->next_offset);
    if (IsFault(topics.status())) {
      if (!report->corrupt) AddFault(Fault::Kind::kTopics, place.directory, topics.status());
      return AddUnnamed();
    }
    if (!topics.ok()) return topics.status();
    auto plan = broker::PlanRecovery(files_, *directory_, *topics, checkpoint_);
    if (!plan.ok()) return plan.status();
    if (absl::Status noted = NoteMissingCheckpoint(); !noted.ok()) return noted;
    for (broker::RecoverySummary::Entry& entry : plan->findings) {
      survey_.at_start.push_back(std::move(entry.finding));
    }
    for (log::RecoveryInput& partition : plan->partitions) {
      const broker::TopicHandle topic = topics->FindId(partition.key.topic_id);
      survey_.logs.push_back({.topic = topic->name, .place = std::move(partition)});
    }
    return absl::OkStatus();
  }

  // Partitions when the log of the topics tells of none: those that have a directory, from where
  // their files begin.
  absl::Status AddUnnamed() {
    const auto topics = files_.List(directory_->TopicsDirectory());
    if (!topics.ok()) return topics.status();
    for (const std::string& topic : *topics) {
      if (!topic.ends_with('/')) continue;
      const std::string topic_path =
          JoinPath(directory_->TopicsDirectory(), topic.substr(0, topic.size() - 1));
      const auto partitions = files_.List(topic_path);
      if (!partitions.ok()) return partitions.status();
      for (const std::string& name : *partitions) {
        if (!name.ends_with('/')) continue;
        const std::string directory = JoinPath(topic_path, name.substr(0, name.size() - 1));
        absl::Status added = AddUnnamedPartition(directory, KeyOf(topic, name));
        if (!added.ok()) return added;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddUnnamedPartition(const std::string& directory,
                                   const std::optional<log::PartitionKey>& key);

  io::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<broker::DataDirectory> directory_;
  log::Checkpoint checkpoint_;
  Survey survey_;
};

// A log of which nothing is known but its files, and perhaps whose they must be. nullopt when they
// do not even tell whose it is.
absl::StatusOr<std::optional<SurveyedLog>> LogOfFiles(io::FileSystem& files,
                                                      const std::string& directory,
                                                      const std::optional<log::PartitionKey>& of) {
  const auto bases = inspect::ListSegments(files, directory);
  if (!bases.ok()) return bases.status();
  for (const record::Offset base : *bases) {
    const auto report = inspect::InspectSegment(
        files, JoinPath(directory, log::SegmentFileName(base)), of, inspect::Depth::kOutline);
    if (!report.ok()) return report.status();
    if (!report->header.has_value()) continue;
    const log::PartitionKey key{report->header->topic_id, report->header->partition};
    return SurveyedLog{
        .topic = broker::FormatUuid(key.topic_id),
        .place = {.directory = directory,
                  .quarantine_directory = JoinPath(io::ParentDirectory(directory), "quarantine"),
                  .key = key,
                  .log_start = bases->front()}};
  }
  return std::nullopt;
}

absl::Status DirectorySurveyor::AddUnnamedPartition(const std::string& directory,
                                                    const std::optional<log::PartitionKey>& key) {
  auto log = LogOfFiles(files_, directory, key);
  if (!log.ok()) return log.status();
  if (!log->has_value()) return absl::OkStatus();
  log::RecoveryInput& place = (*log)->place;
  place.quarantine_directory = directory_->QuarantineDirectory(place.key);
  const auto entry = checkpoint_.partitions.find(place.key);
  if (entry != checkpoint_.partitions.end()) place.checkpoint = entry->second;
  place.clean_shutdown = checkpoint_.clean_shutdown;
  survey_.logs.push_back(**std::move(log));
  return absl::OkStatus();
}

// The data directory that `path` lies in, or is; empty when there is none.
std::string FindDataDirectory(io::FileSystem& files, std::string path) {
  constexpr int kDepthMax = 4;  // topics/<id>/<partition>/<segment>
  for (int depth = 0; depth <= kDepthMax && path.size() > 1; ++depth) {
    const auto names = files.List(path);
    if (names.ok() && Has(*names, "internal/") && Has(*names, "topics/")) return path;
    path = io::ParentDirectory(path);
  }
  return {};
}

absl::StatusOr<Survey> SurveyAlone(io::FileSystem& files, const std::string& directory) {
  auto log = LogOfFiles(files, directory, std::nullopt);
  if (!log.ok()) return log.status();
  if (!log->has_value()) {
    return absl::DataLossError(
        fmt::format("{}: no segment has a header that tells whose it is", directory));
  }
  Survey survey;
  survey.logs.push_back(**std::move(log));
  return survey;
}

}  // namespace

absl::StatusOr<Survey> SurveyPath(io::FileSystem& files, const std::string& path) {
  inspect::DryRunFiles looked_at(files);
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string directory =
      log::ParseSegmentFileName(name).has_value() ? io::ParentDirectory(path) : path;
  const auto names = files.List(directory);
  if (!names.ok()) return names.status();
  const std::string data_directory = FindDataDirectory(files, directory);
  if (data_directory != directory && !HoldsSegments(*names)) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is neither a data directory of leat nor one of a partition: it holds no segments",
        path));
  }
  if (data_directory.empty()) return SurveyAlone(looked_at, directory);
  absl::StatusOr<Survey> survey = DirectorySurveyor(looked_at, data_directory).Run();
  if (!survey.ok() || directory == data_directory) return survey;
  std::erase_if(survey->logs,
                [&](const SurveyedLog& log) { return log.place.directory != directory; });
  if (survey->logs.empty()) return SurveyAlone(looked_at, directory);
  survey->faults.clear();
  survey->at_start.clear();
  return survey;
}

absl::StatusOr<std::unique_ptr<io::FileLock>> LockForTool(io::FileSystem& files,
                                                          const std::string& path) {
  const std::string data_directory = FindDataDirectory(files, path);
  if (data_directory.empty()) return nullptr;
  const auto names = files.List(data_directory);
  if (!names.ok()) return names.status();
  if (!Has(*names, kLockName)) return nullptr;
  auto lock = files.Lock(JoinPath(data_directory, kLockName));
  // No server runs where nothing can be written. Errors of files keep errno's name.
  if (lock.status().message().find("EROFS") != absl::string_view::npos) return nullptr;
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        fmt::format("{} is in use by a server: stop it, or look at a copy", data_directory));
  }
  return lock;
}

}  // namespace leat::survey
