#include "server/storage_facts.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/statfs.h>

namespace leat::server {
namespace {

constexpr long kXfsMagic = 0x58465342;
constexpr long kZfsMagic = 0x2fc12fc1;

}  // namespace

std::string FileSystemName(const std::string& directory) {
  struct statfs facts = {};
  if (statfs(directory.c_str(), &facts) != 0) return "unknown file system";
  switch (facts.f_type) {
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case kXfsMagic:
      return "xfs";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case TMPFS_MAGIC:
      return "tmpfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlayfs";
    case NFS_SUPER_MAGIC:
      return "nfs";
    case F2FS_SUPER_MAGIC:
      return "f2fs";
    case kZfsMagic:
      return "zfs";
    default:
      return fmt::format("file system {:#x}", static_cast<unsigned long>(facts.f_type));
  }
}

bool UsesDirectIo(io::FileSystem& files, const std::string& data_directory) {
  // Any file of the broker's will do.
  const auto file = files.Open(io::JoinPath(data_directory, "meta"), io::OpenMode::kReadDirect);
  return file.ok() && (*file)->direct();
}

}  // namespace leat::server
