#include "storage/log/quarantine.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "fmt/core.h"

namespace leat::log {
namespace {

std::string Hex(const Uuid& id) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(id.data()), id.size()});
}

std::string_view LastName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

absl::Status MakeDirectory(io::FileSystem& files, const std::string& path) {
  const std::string parent = io::ParentDirectory(path);
  absl::Status made = files.CreateDirectory(path);
  if (absl::IsNotFound(made)) {
    if (made = MakeDirectory(files, parent); !made.ok()) return made;
    made = files.CreateDirectory(path);
  }
  if (!made.ok()) return made;
  return files.SyncDirectory(parent);
}

absl::Status CopyRange(const io::File& from, io::FilePosition position, io::FilePosition end,
                       io::File& to) {
  constexpr uint64_t kStepBytes = 1 << 20;
  std::vector<char> buffer(std::min(kStepBytes, end - position));
  io::FilePosition out;
  while (position < end) {
    const absl::Span<char> step =
        absl::MakeSpan(buffer).first(std::min<uint64_t>(buffer.size(), end - position));
    if (absl::Status read = from.ReadAt(position, step); !read.ok()) return read;
    if (absl::Status written = to.WriteAt(out, step); !written.ok()) return written;
    position = position + step.size();
    out = out + step.size();
  }
  return to.Sync();
}

}  // namespace

Quarantine::Quarantine(io::FileSystem& files, std::string directory, const PartitionKey& key)
    : files_(files),
      directory_(std::move(directory)),
      prefix_(fmt::format("{}-{}-", Hex(key.topic_id), key.partition)) {}

absl::StatusOr<std::string> Quarantine::CopyBytes(const std::string& path, io::FilePosition from,
                                                  io::FilePosition to) {
  absl::StatusOr<std::string> kept = FreePath(path, fmt::format("-{}", from.bytes));
  if (!kept.ok()) return kept;
  absl::StatusOr<std::unique_ptr<io::File>> source = files_.Open(path, io::OpenMode::kRead);
  if (!source.ok()) return source.status();
  const std::string temporary = *kept + ".tmp";
  absl::Status status = files_.Remove(temporary);
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  absl::StatusOr<std::unique_ptr<io::File>> copy = files_.Open(temporary, io::OpenMode::kCreate);
  if (!copy.ok()) return copy.status();
  if (status = CopyRange(**source, from, to, **copy); !status.ok()) return status;
  if (status = files_.Rename(temporary, *kept); !status.ok()) return status;
  if (status = files_.SyncDirectory(directory_); !status.ok()) return status;
  return kept;
}

absl::StatusOr<std::string> Quarantine::Move(const std::string& path) {
  absl::StatusOr<std::string> kept = FreePath(path, "");
  if (!kept.ok()) return kept;
  absl::Status status = files_.Rename(path, *kept);
  if (!status.ok()) return status;
  // First where it is now: at no moment does nothing name it.
  if (status = files_.SyncDirectory(directory_); !status.ok()) return status;
  status = files_.SyncDirectory(io::ParentDirectory(path));
  if (!status.ok()) return status;
  return kept;
}

absl::StatusOr<std::string> Quarantine::FreePath(const std::string& path,
                                                 const std::string& suffix) {
  if (absl::Status made = MakeDirectory(files_, directory_); !made.ok()) return made;
  const absl::StatusOr<std::vector<std::string>> names = files_.List(directory_);
  if (!names.ok()) return names.status();
  const auto taken = [&names](const std::string& name) {
    return std::any_of(names->begin(), names->end(), [&name](const std::string& found) {
      return found == name || found == name + "/";
    });
  };
  const std::string wanted = fmt::format("{}{}{}", prefix_, LastName(path), suffix);
  std::string name = wanted;
  for (int copy = 2; taken(name); ++copy) name = fmt::format("{}.{}", wanted, copy);
  return io::JoinPath(directory_, name);
}

}  // namespace leat::log
