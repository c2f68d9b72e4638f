// An ext4 file system of its own, in a file, whose power can be cut: by ext4's own shutdown, after
// which nothing more is written to the device, which is then mounted anew as it was left.
//
// Needs root, and leave to mount loop devices. One thread.

#ifndef LEAT_TESTS_FAULTS_LOOP_DISK_H_
#define LEAT_TESTS_FAULTS_LOOP_DISK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leat {

class LoopDisk {
 public:
  // In `directory`, which is there. `features` as `mkfs.ext4 -O` takes them. Fails where loop
  // devices may not be mounted.
  static absl::StatusOr<std::unique_ptr<LoopDisk>> Make(const std::string& directory,
                                                        const std::string& features);
  ~LoopDisk();  // Unmounts it.

  const std::string& path() const { return path_; }

  // Shuts the file system down as if the power went: what is not on the device will not get there.
  // Files that are open give errors from now on.
  absl::Status Stop();

  // After `Stop`, once no file is open: the device as it was left then, checked as a boot does and
  // mounted again.
  absl::Status Resume();

 private:
  LoopDisk(std::string image, std::string path)
      : image_(std::move(image)), path_(std::move(path)) {}

  const std::string image_;
  const std::string path_;
};

}  // namespace leat

#endif  // LEAT_TESTS_FAULTS_LOOP_DISK_H_
