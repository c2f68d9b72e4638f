#include "server/survey/repair.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"

namespace leat::survey {
namespace {

using io::JoinPath;

std::string CheckpointPath(const std::string& data_directory) {
  return JoinPath(data_directory, "checkpoint");
}

}  // namespace

absl::StatusOr<std::string> PutCheckpointAside(io::FileSystem& files,
                                               const std::string& data_directory) {
  const std::string quarantine = JoinPath(data_directory, "quarantine");
  absl::Status status = files.CreateDirectory(quarantine);
  if (status.ok()) status = files.SyncDirectory(data_directory);
  if (!status.ok()) return status;
  const absl::StatusOr<std::vector<std::string>> taken = files.List(quarantine);
  if (!taken.ok()) return taken.status();
  std::string name;
  int number = 1;
  do {
    name = fmt::format("checkpoint.{}", number++);
  } while (std::find(taken->begin(), taken->end(), name) != taken->end());
  const std::string kept = JoinPath(quarantine, name);
  status = files.Rename(CheckpointPath(data_directory), kept);
  if (status.ok()) status = files.SyncDirectory(quarantine);
  if (status.ok()) status = files.SyncDirectory(data_directory);
  if (!status.ok()) return status;
  return kept;
}

absl::Status ForgetWitness(io::FileSystem& files, const std::string& data_directory,
                           const log::PartitionKey& key) {
  const std::string path = CheckpointPath(data_directory);
  absl::StatusOr<log::Checkpoint> checkpoint = log::ReadCheckpoint(files, path);
  if (!checkpoint.ok()) return checkpoint.status();
  if (checkpoint->partitions.erase(key) == 0) return absl::OkStatus();
  return log::WriteCheckpoint(files, path, *checkpoint);
}

}  // namespace leat::survey
