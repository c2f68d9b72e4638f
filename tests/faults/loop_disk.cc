#include "tests/faults/loop_disk.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace leat {
namespace {

// EXT4_IOC_SHUTDOWN and its flag "do not flush the journal" (linux/fs/ext4/ext4.h).
constexpr unsigned long kShutdown = _IOR('X', 125, uint32_t);
constexpr uint32_t kWithoutFlush = 2;

absl::Status Run(const std::string& command, int most = 0) {
  const int status = std::system(
      absl::StrCat("PATH=/usr/sbin:/sbin:/usr/bin:/bin ", command, " > /dev/null").c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) <= most) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("failed: ", command));
}

absl::Status Mount(const std::string& image, const std::string& path) {
  return Run(absl::StrCat("mount -o loop ", image, " ", path));
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoopDisk>> LoopDisk::Make(const std::string& directory,
                                                         const std::string& features) {
  const std::string image = absl::StrCat(directory, "/image");
  const std::string path = absl::StrCat(directory, "/disk");
  absl::Status status = Run(absl::StrCat("truncate -s 512M ", image));
  if (status.ok()) status = Run(absl::StrCat("mkfs.ext4 -q -F -O ", features, " ", image));
  if (status.ok()) status = Run(absl::StrCat("mkdir ", path));
  if (status.ok()) status = Mount(image, path);
  if (!status.ok()) return status;
  return std::unique_ptr<LoopDisk>(new LoopDisk(image, path));
}

LoopDisk::~LoopDisk() { Run(absl::StrCat("umount --lazy ", path_)).IgnoreError(); }

absl::Status LoopDisk::Stop() {
  const int root = open(path_.c_str(), O_RDONLY | O_DIRECTORY);
  if (root < 0) return absl::ErrnoToStatus(errno, path_);
  uint32_t flags = kWithoutFlush;
  const int result = ioctl(root, kShutdown, &flags);
  const int error = errno;
  close(root);
  return result == 0 ? absl::OkStatus() : absl::ErrnoToStatus(error, "EXT4_IOC_SHUTDOWN");
}

absl::Status LoopDisk::Resume() {
  // Unmounting would write what the block device still has in memory: a copy goes on.
  absl::Status status = Run(absl::StrCat("cp --sparse=always ", image_, " ", image_, ".cut"));
  // Lazily: the kernel may still be closing what io_uring of the killed server had open.
  if (status.ok()) status = Run(absl::StrCat("umount --lazy ", path_));
  if (status.ok()) status = Run(absl::StrCat("mv ", image_, ".cut ", image_));
  // Without a journal there may be much to mend. 1: errors were corrected.
  if (status.ok()) status = Run(absl::StrCat("e2fsck -fy ", image_), 1);
  if (status.ok()) status = Mount(image_, path_);
  return status;
}

}  // namespace leat
