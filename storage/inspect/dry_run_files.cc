#include "storage/inspect/dry_run_files.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "fmt/core.h"

namespace leat::inspect {
namespace {

// A new file, of which nothing is kept.
class DroppedFile : public io::File {
 public:
  explicit DroppedFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const override { return path_; }
  bool direct() const override { return false; }
  int descriptor() const override { return -1; }
  absl::StatusOr<uint64_t> Size() const override { return 0; }
  absl::Status ReadAt(io::FilePosition, absl::Span<char>) const override {
    return absl::OutOfRangeError(fmt::format("read {}: nothing of it is kept", path_));
  }
  absl::Status WriteAt(io::FilePosition, absl::Span<const char>) override {
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Allocate(io::FilePosition, uint64_t) override { return absl::OkStatus(); }
  absl::Status Truncate(uint64_t) override { return absl::OkStatus(); }

 private:
  const std::string path_;
};

// A file that is there, and may be cut.
class CutFile : public io::File {
 public:
  CutFile(std::unique_ptr<io::File> file, absl::flat_hash_map<std::string, uint64_t>& sizes)
      : file_(std::move(file)), sizes_(sizes) {}

  const std::string& path() const override { return file_->path(); }
  bool direct() const override { return file_->direct(); }
  int descriptor() const override { return -1; }
  absl::StatusOr<uint64_t> Size() const override {
    const auto cut = sizes_.find(path());
    if (cut != sizes_.end()) return cut->second;
    return file_->Size();
  }
  absl::Status ReadAt(io::FilePosition position, absl::Span<char> data) const override {
    return file_->ReadAt(position, data);
  }
  absl::Status WriteAt(io::FilePosition, absl::Span<const char>) override {
    return absl::UnimplementedError(fmt::format("write {}: only looked at", path()));
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Allocate(io::FilePosition, uint64_t) override {
    return absl::UnimplementedError(fmt::format("allocate {}: only looked at", path()));
  }
  absl::Status Truncate(uint64_t size) override {
    sizes_[path()] = size;
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<io::File> file_;
  absl::flat_hash_map<std::string, uint64_t>& sizes_;
};

io::OpenMode ReadingOnly(io::OpenMode mode) {
  return mode == io::OpenMode::kReadDirect || mode == io::OpenMode::kReadWriteDirect
             ? io::OpenMode::kReadDirect
             : io::OpenMode::kRead;
}

}  // namespace

absl::StatusOr<std::unique_ptr<io::File>> DryRunFiles::Open(const std::string& path,
                                                            io::OpenMode mode) {
  if (mode == io::OpenMode::kCreate || mode == io::OpenMode::kCreateDirect) {
    return std::make_unique<DroppedFile>(path);
  }
  if (gone_.contains(path)) return absl::NotFoundError(fmt::format("open {}: removed", path));
  absl::StatusOr<std::unique_ptr<io::File>> file = files_.Open(path, ReadingOnly(mode));
  if (!file.ok()) return file.status();
  return std::make_unique<CutFile>(*std::move(file), sizes_);
}

absl::Status DryRunFiles::CreateDirectory(const std::string& path) {
  made_.insert(path);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> DryRunFiles::List(const std::string& path) {
  absl::StatusOr<std::vector<std::string>> names = files_.List(path);
  if (absl::IsNotFound(names.status()) && made_.contains(path)) return std::vector<std::string>();
  return names;
}

absl::Status DryRunFiles::Rename(const std::string& from, const std::string& to) {
  static_cast<void>(to);
  gone_.insert(from);
  return absl::OkStatus();
}

absl::Status DryRunFiles::Remove(const std::string& path) {
  gone_.insert(path);
  return absl::OkStatus();
}

absl::Status DryRunFiles::RemoveDirectory(const std::string& path) { return Remove(path); }

absl::Status DryRunFiles::SyncDirectory(const std::string&) { return absl::OkStatus(); }

absl::StatusOr<std::unique_ptr<io::FileLock>> DryRunFiles::Lock(const std::string&) {
  return std::make_unique<io::FileLock>();
}

absl::StatusOr<io::SpaceInfo> DryRunFiles::Space(const std::string& path) {
  return files_.Space(path);
}

}  // namespace leat::inspect
