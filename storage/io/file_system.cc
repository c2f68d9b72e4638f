#include "storage/io/file_system.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace leat::io {
namespace {

absl::Status WriteNewFile(FileSystem& files, const std::string& path, std::string_view content) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  absl::Status written = (*file)->WriteAt(FilePosition{0}, content);
  if (!written.ok()) return written;
  return (*file)->Sync();
}

}  // namespace

std::string JoinPath(std::string_view directory, std::string_view name) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  while (name.starts_with('/')) name.remove_prefix(1);
  std::string path(directory);
  if (!directory.empty() && directory != "/") path += '/';
  return path.append(name);
}

std::string ParentDirectory(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

absl::StatusOr<std::string> ReadFile(FileSystem& files, const std::string& path,
                                     uint64_t max_bytes) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  if (*size > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("read ", path, ": ", *size, " bytes, at most ", max_bytes, " expected"));
  }
  std::string content(*size, '\0');
  absl::Status read = (*file)->ReadAt(FilePosition{0}, absl::MakeSpan(content));
  if (!read.ok()) return read;
  return content;
}

absl::Status ReplaceFile(FileSystem& files, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  // One is left behind when an earlier call met a crash.
  absl::Status removed = files.Remove(temporary);
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;

  absl::Status replaced = WriteNewFile(files, temporary, content);
  if (replaced.ok()) replaced = files.Rename(temporary, path);
  if (!replaced.ok()) {
    // Gives back its space; the first error is what the caller needs to know.
    files.Remove(temporary).IgnoreError();
    return replaced;
  }
  return files.SyncDirectory(ParentDirectory(path));
}

}  // namespace leat::io
