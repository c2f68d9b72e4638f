// A directory of one benchmark's own, on a disk rather than in memory; gone with this object.

#ifndef LEAT_BENCH_TEMPORARY_DIRECTORY_H_
#define LEAT_BENCH_TEMPORARY_DIRECTORY_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leat::bench {

class TemporaryDirectory {
 public:
  // Makes one in `parent`.
  static absl::StatusOr<TemporaryDirectory> Make(const std::string& parent = "/var/tmp");

  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path);

  std::string path_;
};

// Runs a benchmark in one that is made in `parent`, and in a process of its own: whatever ends
// that, an interrupt too, the directory goes. The exit code of its program, `name`, which tells its
// error. From a process without threads.
int RunInTemporaryDirectory(const char* name, const std::string& parent,
                            absl::FunctionRef<absl::Status(const std::string& path)> run);

}  // namespace leat::bench

#endif  // LEAT_BENCH_TEMPORARY_DIRECTORY_H_
