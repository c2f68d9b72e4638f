// The directories of the simulated file system: names as readers see them, and what a power cut may
// make of them.
//
// Private to storage/io; owned by `SimulatedFileSystem`; one thread. A change of names is one entry
// of a list until the directories concerned are synced. A power cut keeps or drops each whole, and
// keeps none without the changes before it that concern the same name, file or directory.

#ifndef LEAT_STORAGE_IO_SIMULATED_TREE_H_
#define LEAT_STORAGE_IO_SIMULATED_TREE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/simulated_bytes.h"

namespace leat::io {

class SimulatedTree {
 public:
  SimulatedTree();

  // As in file_system.h.
  absl::StatusOr<std::shared_ptr<SimulatedBytes>> FindFile(const std::string& path) const;
  absl::StatusOr<std::shared_ptr<SimulatedBytes>> CreateFile(const std::string& path);
  absl::Status CreateDirectory(const std::string& path);
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) const;
  absl::Status Rename(const std::string& from, const std::string& to);
  absl::Status Remove(const std::string& path);
  absl::Status RemoveDirectory(const std::string& path);
  absl::Status SyncDirectory(const std::string& path);

  // Sum of the sizes of all files that have a name.
  uint64_t BytesUsed() const;

  SimulatedTree AfterPowerCut(SimulatedRandom& random) const;

  // After the process alone died: all names, and the bytes as `SimulatedBytes::AfterKill`. What was
  // not synced still is not.
  SimulatedTree AfterKill() const;

 private:
  struct Directory;

  // What a name stands for; nothing when both are null.
  struct Node {
    std::shared_ptr<SimulatedBytes> file;
    std::shared_ptr<Directory> directory;

    bool exists() const { return file != nullptr || directory != nullptr; }
  };

  using Names = std::map<std::string, Node>;

  struct Directory {
    Names names;
    Names durable_names;
  };

  struct Place {
    std::shared_ptr<Directory> directory;
    std::string name;
  };

  // The name stood for `before` and now stands for `after`.
  struct Effect {
    Place place;
    Node before;
    Node after;
  };

  struct Change {
    std::vector<Effect> effects;
    std::set<const Directory*> unsynced;
  };

  class Copier;

  using NamesOf = absl::FunctionRef<Names(const Directory&)>;
  using CopyFile = absl::FunctionRef<std::shared_ptr<SimulatedBytes>(const SimulatedBytes&)>;

  static bool DependsOn(const Change& later, const Change& earlier);
  static void Apply(const Effect& effect, Names& names);
  static uint64_t BytesUsed(const Directory& directory);
  static std::shared_ptr<Directory> Copy(const Directory& directory, NamesOf names_of,
                                         CopyFile copy_file);

  absl::StatusOr<std::shared_ptr<Directory>> FindDirectory(const std::string& path) const;
  absl::StatusOr<Place> FindPlace(const std::string& path) const;
  Node Find(const Place& place) const;
  void Commit(std::vector<Effect> effects);
  void MakeDurable(size_t index);

  std::shared_ptr<Directory> root_;
  std::vector<Change> changes_;  // Not durable yet, oldest first.
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_TREE_H_
