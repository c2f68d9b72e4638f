// The data directory: whose it is, and where everything in it lies. Layout: docs/disk_format.md.
//
//   LOCK                          held while a server runs
//   meta                          format version, id of the directory, block size
//   checkpoint                    see storage/log/checkpoint.h
//   internal/meta/                the log of the topics
//   internal/groups/<number>/     a log of groups
//   internal/<name>.start         where such a log begins, once it was trimmed
//   topics/<topic id>/<partition>/
//   quarantine/                   what was found and is not known: nothing is deleted for being
//   unknown
//
// Owned by the broker. Its calls block; any thread. After a crash amid any of them the directory is
// as before or as after.

#ifndef LEAT_SERVER_BROKER_DATA_DIRECTORY_H_
#define LEAT_SERVER_BROKER_DATA_DIRECTORY_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/format.h"
#include "storage/record/ids.h"

namespace leat::broker {

class DataDirectory {
 public:
  // Of what this program writes and reads.
  static constexpr uint32_t kFormatVersion = 1;

  // Locks the directory before anything else, makes it if need be (with `new_id`), and checks that
  // it is ours. FAILED_PRECONDITION naming the file: another server has it, it holds other things,
  // or it is of another format version. DATA_LOSS: `meta` is damaged. Nothing was changed then.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(io::FileSystem& files,
                                                             const std::string& path,
                                                             const log::Uuid& new_id);

  const std::string& path() const { return path_; }
  const log::Uuid& id() const { return id_; }
  // Whether `Open` made it.
  bool is_new() const { return is_new_; }

  std::string CheckpointPath() const;
  std::string TopicsDirectory() const;
  std::string TopicDirectory(const log::Uuid& topic_id) const;
  std::string PartitionDirectory(const log::PartitionKey& key) const;

  // Where recovery keeps what it cuts from a partition.
  std::string QuarantineDirectory(const log::PartitionKey& key) const;

  // --- Logs of the server's own, by name: "meta", "groups/3" ---

  std::string InternalLogDirectory(std::string_view name) const;
  std::string InternalQuarantineDirectory(std::string_view name) const;

  // Where the log begins: 0 until it was saved. DATA_LOSS naming the file when it is damaged.
  absl::StatusOr<record::Offset> ReadInternalLogStart(std::string_view name) const;

  // Durably, before what lies before `log_start` is removed; the log has a directory by then. Safe
  // to repeat.
  absl::Status SaveInternalLogStart(std::string_view name, record::Offset log_start) const;

  // --- What nobody needs ---

  // Moves `topics/<name>` to `quarantine/`, durably; `name` may have several parts. Returns where
  // it is now.
  absl::StatusOr<std::string> Quarantine(std::string_view name);

  // Removes all that a deleted topic has on disk, durably. Safe to repeat.
  absl::Status RemoveTopic(const log::Uuid& topic_id);

 private:
  DataDirectory(io::FileSystem& files, std::string path, std::unique_ptr<io::FileLock> lock)
      : files_(files), path_(std::move(path)), lock_(std::move(lock)) {}

  absl::Status ReadOrCreateMeta(const log::Uuid& new_id);
  absl::Status MakeSubdirectories();
  std::string InternalLogStartPath(std::string_view name) const;

  io::FileSystem& files_;
  const std::string path_;
  const std::unique_ptr<io::FileLock> lock_;
  log::Uuid id_{};
  bool is_new_ = false;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_DATA_DIRECTORY_H_
