#include "storage/io/simulated_file_system.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/simulated_file.h"

namespace leat::io {

class SimulatedFileSystem::HeldLock : public FileLock {
 public:
  HeldLock(SimulatedFileSystem& disk, std::shared_ptr<SimulatedBytes> file)
      : disk_(disk), file_(std::move(file)) {}
  ~HeldLock() override { disk_.locked_.erase(file_.get()); }

 private:
  SimulatedFileSystem& disk_;
  const std::shared_ptr<SimulatedBytes> file_;
};

SimulatedFileSystem::SimulatedFileSystem(SimulatedOptions options)
    : options_(options), random_(options.seed) {}

std::unique_ptr<SimulatedFileSystem> SimulatedFileSystem::Crash(uint64_t seed) const {
  SimulatedRandom random(seed);
  auto left = std::make_unique<SimulatedFileSystem>(options_);
  left->tree_ = tree_.AfterPowerCut(random);
  return left;
}

std::unique_ptr<SimulatedFileSystem> SimulatedFileSystem::Kill() const {
  auto left = std::make_unique<SimulatedFileSystem>(options_);
  left->tree_ = tree_.AfterKill();
  return left;
}

void SimulatedFileSystem::FailNth(uint64_t n, absl::Status error, FaultRepeat repeat) {
  Inject({.nth = n, .error = std::move(error), .repeat = repeat, .matches = {}});
}

absl::Status SimulatedFileSystem::Corrupt(const std::string& path, FilePosition position,
                                          uint8_t mask) {
  absl::StatusOr<std::shared_ptr<SimulatedBytes>> file = tree_.FindFile(path);
  if (!file.ok()) return file.status();
  if (position.bytes >= (*file)->size()) {
    return absl::OutOfRangeError(absl::StrCat("corrupt ", path, ": past the end of the file"));
  }
  (*file)->Corrupt(position.bytes, mask);
  return absl::OkStatus();
}

SimulatedFaults::Verdict SimulatedFileSystem::BeginIo(OperationKind kind, const std::string& path,
                                                      FilePosition position, uint64_t length) {
  if (ChangesDisk(kind)) BeforeChange();
  return faults_.Begin({.kind = kind, .path = path, .position = position.bytes, .length = length});
}

absl::Status SimulatedFileSystem::CheckRoom(const std::string& path, uint64_t size,
                                            uint64_t end) const {
  if (end <= size || tree_.BytesUsed() + (end - size) <= options_.capacity_bytes) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat("simulated ", path, ": ENOSPC"));
}

absl::StatusOr<std::unique_ptr<File>> SimulatedFileSystem::Open(const std::string& path,
                                                                OpenMode mode) {
  const bool creates = mode == OpenMode::kCreate || mode == OpenMode::kCreateDirect;
  absl::Status begun = Begin(creates ? OperationKind::kCreate : OperationKind::kOpen, path);
  if (!begun.ok()) return begun;
  absl::StatusOr<std::shared_ptr<SimulatedBytes>> file =
      creates ? tree_.CreateFile(path) : tree_.FindFile(path);
  if (!file.ok()) return file.status();
  return std::make_unique<SimulatedFile>(*this, *std::move(file), path, mode);
}

absl::Status SimulatedFileSystem::CreateDirectory(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kCreateDirectory, path);
  return begun.ok() ? tree_.CreateDirectory(path) : begun;
}

absl::StatusOr<std::vector<std::string>> SimulatedFileSystem::List(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kList, path);
  if (!begun.ok()) return begun;
  return tree_.List(path);
}

absl::Status SimulatedFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::Status begun = Begin(OperationKind::kRename, from);
  return begun.ok() ? tree_.Rename(from, to) : begun;
}

absl::Status SimulatedFileSystem::Remove(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kRemove, path);
  return begun.ok() ? tree_.Remove(path) : begun;
}

absl::Status SimulatedFileSystem::RemoveDirectory(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kRemoveDirectory, path);
  return begun.ok() ? tree_.RemoveDirectory(path) : begun;
}

absl::Status SimulatedFileSystem::SyncDirectory(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kSyncDirectory, path);
  return begun.ok() ? tree_.SyncDirectory(path) : begun;
}

absl::StatusOr<std::unique_ptr<FileLock>> SimulatedFileSystem::Lock(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kLock, path);
  if (!begun.ok()) return begun;
  absl::StatusOr<std::shared_ptr<SimulatedBytes>> file = tree_.FindFile(path);
  if (absl::IsNotFound(file.status())) file = tree_.CreateFile(path);
  if (!file.ok()) return file.status();
  if (!locked_.insert(file->get()).second) {
    return absl::FailedPreconditionError(absl::StrCat("lock ", path, ": held by another"));
  }
  return std::make_unique<HeldLock>(*this, *std::move(file));
}

absl::StatusOr<SpaceInfo> SimulatedFileSystem::Space(const std::string& path) {
  absl::Status begun = Begin(OperationKind::kSpace, path);
  if (!begun.ok()) return begun;
  const uint64_t used = std::min(tree_.BytesUsed(), options_.capacity_bytes);
  return SpaceInfo{.total_bytes = options_.capacity_bytes,
                   .available_bytes = options_.capacity_bytes - used};
}

}  // namespace leat::io
