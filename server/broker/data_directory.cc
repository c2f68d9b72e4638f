#include "server/broker/data_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "server/broker/directory_meta.h"
#include "server/broker/topic.h"
#include "storage/io/aligned_buffer.h"

namespace leat::broker {
namespace {

using io::JoinPath;

constexpr char kLockName[] = "LOCK";
constexpr char kMetaName[] = "meta";
constexpr uint64_t kMetaBytesMax = 4096;

absl::Status At(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, std::string(status.message())));
}

// Makes a directory and those above it, durably.
absl::Status MakeDirectory(io::FileSystem& files, const std::string& path) {
  absl::Status made = files.CreateDirectory(path);
  const std::string parent = io::ParentDirectory(path);
  if (absl::IsNotFound(made) && parent != path) {
    made = MakeDirectory(files, parent);
    if (made.ok()) made = files.CreateDirectory(path);
  }
  if (!made.ok()) return made;
  return files.SyncDirectory(parent);
}

// Whether a directory without `meta` may become ours: what an interrupted first start leaves, and
// what a fresh file system has.
bool MayBecomeOurs(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [](std::string_view name) {
    return name == kLockName || name == "meta.tmp" || name == "lost+found/";
  });
}

absl::Status NotOurs(const std::string& path) {
  return absl::FailedPreconditionError(fmt::format(
      "{} is not empty and no data directory of leat (it has no file '{}'): name another, or an "
      "empty one",
      path, kMetaName));
}

// A path as one name.
std::string Flat(std::string_view path) {
  std::string flat(path);
  std::replace(flat.begin(), flat.end(), '/', '-');
  return flat;
}

// Removes a directory with all that is in it.
absl::Status RemoveTree(io::FileSystem& files, const std::string& path) {
  absl::StatusOr<std::vector<std::string>> names = files.List(path);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const bool directory = name.ends_with('/');
    const std::string inside = JoinPath(path, name.substr(0, name.size() - directory));
    absl::Status removed = directory ? RemoveTree(files, inside) : files.Remove(inside);
    // The log may have been removing it too.
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  return files.RemoveDirectory(path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(io::FileSystem& files,
                                                                   const std::string& path,
                                                                   const log::Uuid& new_id) {
  // A look before the lock, so that no `LOCK` is left in what belongs to others.
  absl::StatusOr<std::vector<std::string>> names = files.List(path);
  if (absl::IsNotFound(names.status())) {
    absl::Status made = MakeDirectory(files, path);
    if (!made.ok()) return made;
    names = files.List(path);
  }
  // Errors of files keep errno's name, and no code of their own for this one.
  if (names.status().message().find("ENOTDIR") != absl::string_view::npos) {
    return absl::FailedPreconditionError(
        fmt::format("{} is a file, or lies below one: name a directory", path));
  }
  if (!names.ok()) return names.status();
  const bool has_meta = std::find(names->begin(), names->end(), kMetaName) != names->end();
  if (!has_meta && !MayBecomeOurs(*names)) return NotOurs(path);

  absl::StatusOr<std::unique_ptr<io::FileLock>> lock = files.Lock(JoinPath(path, kLockName));
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(fmt::format(
        "{} is in use by another server: stop it, or name another data directory", path));
  }
  if (!lock.ok()) return lock.status();
  std::unique_ptr<DataDirectory> directory(new DataDirectory(files, path, *std::move(lock)));
  absl::Status ours = directory->ReadOrCreateMeta(new_id);
  if (!ours.ok()) return ours;
  absl::Status complete = directory->MakeSubdirectories();
  if (!complete.ok()) return complete;
  return directory;
}

absl::Status DataDirectory::ReadOrCreateMeta(const log::Uuid& new_id) {
  const std::string meta_path = JoinPath(path_, kMetaName);
  absl::StatusOr<std::string> text = io::ReadFile(files_, meta_path, kMetaBytesMax);
  if (absl::IsNotFound(text.status())) {
    // Again, under the lock: another server may have begun to use it meanwhile.
    absl::StatusOr<std::vector<std::string>> names = files_.List(path_);
    if (!names.ok()) return names.status();
    if (!MayBecomeOurs(*names)) return NotOurs(path_);
    id_ = new_id;
    is_new_ = true;
    return io::ReplaceFile(
        files_, meta_path,
        EncodeDirectoryMeta(
            {.format_version = kFormatVersion, .id = new_id, .block_bytes = io::kBlockBytes}));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<DirectoryMeta> meta = DecodeDirectoryMeta(*text, kFormatVersion);
  if (absl::IsUnimplemented(meta.status())) {
    return At(meta_path, absl::FailedPreconditionError(meta.status().message()));
  }
  if (!meta.ok()) return At(meta_path, meta.status());
  if (meta->block_bytes != io::kBlockBytes) {
    return At(meta_path, absl::FailedPreconditionError(
                             fmt::format("blocks of {} bytes, but this program knows {} only",
                                         meta->block_bytes, io::kBlockBytes)));
  }
  id_ = meta->id;
  return absl::OkStatus();
}

absl::Status DataDirectory::MakeSubdirectories() {
  for (const char* name : {"topics", "internal", "quarantine"}) {
    absl::Status made = files_.CreateDirectory(JoinPath(path_, name));
    if (!made.ok()) return made;
  }
  return files_.SyncDirectory(path_);
}

std::string DataDirectory::CheckpointPath() const { return JoinPath(path_, "checkpoint"); }

std::string DataDirectory::TopicsDirectory() const { return JoinPath(path_, "topics"); }

std::string DataDirectory::TopicDirectory(const log::Uuid& topic_id) const {
  return JoinPath(TopicsDirectory(), FormatUuid(topic_id));
}

std::string DataDirectory::PartitionDirectory(const log::PartitionKey& key) const {
  return JoinPath(TopicDirectory(key.topic_id), fmt::to_string(key.partition));
}

std::string DataDirectory::QuarantineDirectory(const log::PartitionKey& key) const {
  return JoinPath(path_, fmt::format("quarantine/{}-{}", FormatUuid(key.topic_id), key.partition));
}

std::string DataDirectory::InternalLogDirectory(std::string_view name) const {
  return JoinPath(path_, fmt::format("internal/{}", name));
}

std::string DataDirectory::InternalQuarantineDirectory(std::string_view name) const {
  return JoinPath(path_, fmt::format("quarantine/{}", Flat(name)));
}

std::string DataDirectory::InternalLogStartPath(std::string_view name) const {
  return JoinPath(path_, fmt::format("internal/{}.start", name));
}

absl::StatusOr<record::Offset> DataDirectory::ReadInternalLogStart(std::string_view name) const {
  const std::string path = InternalLogStartPath(name);
  absl::StatusOr<std::string> text = io::ReadFile(files_, path, kMetaBytesMax);
  if (absl::IsNotFound(text.status())) return record::Offset{};
  if (!text.ok()) return text.status();
  absl::StatusOr<record::Offset> log_start = DecodeLogStart(*text);
  if (!log_start.ok()) return At(path, log_start.status());
  return log_start;
}

absl::Status DataDirectory::SaveInternalLogStart(std::string_view name,
                                                 record::Offset log_start) const {
  return io::ReplaceFile(files_, InternalLogStartPath(name), EncodeLogStart(log_start));
}

absl::StatusOr<std::string> DataDirectory::Quarantine(std::string_view name) {
  const std::string quarantine = JoinPath(path_, "quarantine");
  absl::StatusOr<std::vector<std::string>> taken = files_.List(quarantine);
  if (!taken.ok()) return taken.status();
  std::string free_name;
  for (int number = 1; free_name.empty(); ++number) {
    std::string candidate = fmt::format("topics-{}.{}", Flat(name), number);
    const bool is_taken = std::any_of(taken->begin(), taken->end(), [&](std::string_view other) {
      return other == candidate || other == candidate + '/';
    });
    if (!is_taken) free_name = std::move(candidate);
  }
  const std::string from = JoinPath(TopicsDirectory(), name);
  const std::string to = JoinPath(quarantine, free_name);
  absl::Status moved = files_.Rename(from, to);
  // The new name first: a crash between the two may leave both names, never none.
  if (moved.ok()) moved = files_.SyncDirectory(quarantine);
  if (moved.ok()) moved = files_.SyncDirectory(io::ParentDirectory(from));
  if (!moved.ok()) return moved;
  return to;
}

absl::Status DataDirectory::RemoveTopic(const log::Uuid& topic_id) {
  absl::Status removed = RemoveTree(files_, TopicDirectory(topic_id));
  if (!removed.ok()) return removed;
  return files_.SyncDirectory(TopicsDirectory());
}

}  // namespace leat::broker
