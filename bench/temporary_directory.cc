#include "bench/temporary_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace leat::bench {

absl::StatusOr<TemporaryDirectory> TemporaryDirectory::Make(const std::string& parent) {
  std::string path = parent + "/leat-bench-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a directory in ", parent));
  }
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(std::string path) : path_(std::move(path)) {}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

int RunInTemporaryDirectory(const char* name, const std::string& parent,
                            absl::FunctionRef<absl::Status(const std::string& path)> run) {
  const absl::StatusOr<TemporaryDirectory> directory = TemporaryDirectory::Make(parent);
  const absl::Status status = directory.ok() ? run(directory->path()) : directory.status();
  if (status.ok()) return 0;
  std::cerr << name << ": " << status << "\n";
  return 1;
}

}  // namespace leat::bench
