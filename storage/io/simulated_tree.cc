#include "storage/io/simulated_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/io/file_system.h"

namespace leat::io {
namespace {

absl::Status NotFound(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("simulated ", path, ": ENOENT"));
}

absl::Status Mismatch(const std::string& path, const char* error) {
  return absl::InternalError(absl::StrCat("simulated ", path, ": ", error));
}

std::vector<std::string> Split(const std::string& path) {
  std::vector<std::string> names = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::erase(names, ".");
  return names;
}

}  // namespace

SimulatedTree::SimulatedTree() : root_(std::make_shared<Directory>()) {}

absl::StatusOr<std::shared_ptr<SimulatedTree::Directory>> SimulatedTree::FindDirectory(
    const std::string& path) const {
  std::shared_ptr<Directory> directory = root_;
  for (const std::string& name : Split(path)) {
    const Node node = Find({directory, name});
    if (!node.exists()) return NotFound(path);
    if (node.directory == nullptr) return Mismatch(path, "ENOTDIR");
    directory = node.directory;
  }
  return directory;
}

absl::StatusOr<SimulatedTree::Place> SimulatedTree::FindPlace(const std::string& path) const {
  std::vector<std::string> names = Split(path);
  if (names.empty()) return Mismatch(path, "EINVAL");
  std::string name = std::move(names.back());
  absl::StatusOr<std::shared_ptr<Directory>> parent = FindDirectory(ParentDirectory(path));
  if (!parent.ok()) return parent.status();
  return Place{*std::move(parent), std::move(name)};
}

SimulatedTree::Node SimulatedTree::Find(const Place& place) const {
  const auto found = place.directory->names.find(place.name);
  return found == place.directory->names.end() ? Node{} : found->second;
}

absl::StatusOr<std::shared_ptr<SimulatedBytes>> SimulatedTree::FindFile(
    const std::string& path) const {
  absl::StatusOr<Place> place = FindPlace(path);
  if (!place.ok()) return place.status();
  Node node = Find(*place);
  if (!node.exists()) return NotFound(path);
  if (node.file == nullptr) return Mismatch(path, "EISDIR");
  return node.file;
}

absl::StatusOr<std::shared_ptr<SimulatedBytes>> SimulatedTree::CreateFile(const std::string& path) {
  absl::StatusOr<Place> place = FindPlace(path);
  if (!place.ok()) return place.status();
  if (Find(*place).exists()) {
    return absl::AlreadyExistsError(absl::StrCat("simulated ", path, ": EEXIST"));
  }
  auto file = std::make_shared<SimulatedBytes>();
  Commit({{*std::move(place), Node{}, Node{.file = file}}});
  return file;
}

absl::Status SimulatedTree::CreateDirectory(const std::string& path) {
  if (Split(path).empty()) return absl::OkStatus();
  absl::StatusOr<Place> place = FindPlace(path);
  if (!place.ok()) return place.status();
  const Node there = Find(*place);
  if (there.directory != nullptr) return absl::OkStatus();
  if (there.exists()) return absl::AlreadyExistsError(absl::StrCat("simulated ", path, ": EEXIST"));
  Commit({{*std::move(place), Node{}, Node{.directory = std::make_shared<Directory>()}}});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SimulatedTree::List(const std::string& path) const {
  absl::StatusOr<std::shared_ptr<Directory>> directory = FindDirectory(path);
  if (!directory.ok()) return directory.status();
  std::vector<std::string> names;
  for (const auto& [name, node] : (*directory)->names) {
    names.push_back(node.directory != nullptr ? name + "/" : name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status SimulatedTree::Rename(const std::string& from, const std::string& to) {
  absl::StatusOr<Place> source = FindPlace(from);
  if (!source.ok()) return source.status();
  absl::StatusOr<Place> target = FindPlace(to);
  if (!target.ok()) return target.status();
  const Node moved = Find(*source);
  const Node replaced = Find(*target);
  if (!moved.exists()) return NotFound(from);
  if (source->directory == target->directory && source->name == target->name) {
    return absl::OkStatus();
  }
  if (replaced.exists() && (moved.file == nullptr || replaced.file == nullptr)) {
    return Mismatch(to, replaced.file == nullptr ? "EISDIR" : "ENOTDIR");
  }
  Commit({{*std::move(source), moved, Node{}}, {*std::move(target), replaced, moved}});
  return absl::OkStatus();
}

absl::Status SimulatedTree::Remove(const std::string& path) {
  absl::StatusOr<Place> place = FindPlace(path);
  if (!place.ok()) return place.status();
  const Node removed = Find(*place);
  if (!removed.exists()) return NotFound(path);
  if (removed.file == nullptr) return Mismatch(path, "EISDIR");
  Commit({{*std::move(place), removed, Node{}}});
  return absl::OkStatus();
}

absl::Status SimulatedTree::RemoveDirectory(const std::string& path) {
  absl::StatusOr<Place> place = FindPlace(path);
  if (!place.ok()) return place.status();
  const Node removed = Find(*place);
  if (!removed.exists()) return NotFound(path);
  if (removed.directory == nullptr) return Mismatch(path, "ENOTDIR");
  if (!removed.directory->names.empty()) return Mismatch(path, "ENOTEMPTY");
  Commit({{*std::move(place), removed, Node{}}});
  return absl::OkStatus();
}

void SimulatedTree::Apply(const Effect& effect, Names& names) {
  if (effect.after.exists()) {
    names[effect.place.name] = effect.after;
  } else {
    names.erase(effect.place.name);
  }
}

void SimulatedTree::Commit(std::vector<Effect> effects) {
  Change change;
  for (const Effect& effect : effects) {
    Apply(effect, effect.place.directory->names);
    change.unsynced.insert(effect.place.directory.get());
  }
  change.effects = std::move(effects);
  changes_.push_back(std::move(change));
}

// Whether a disk that keeps `later` must keep `earlier`: it concerns the same name, or a name in a
// directory that `later` removes.
bool SimulatedTree::DependsOn(const Change& later, const Change& earlier) {
  for (const Effect& after : later.effects) {
    for (const Effect& before : earlier.effects) {
      const bool same_directory = after.place.directory == before.place.directory;
      if (same_directory && after.place.name == before.place.name) return true;
      if (after.before.directory == before.place.directory) return true;
    }
  }
  return false;
}

absl::Status SimulatedTree::SyncDirectory(const std::string& path) {
  absl::StatusOr<std::shared_ptr<Directory>> directory = FindDirectory(path);
  if (!directory.ok()) return directory.status();
  for (Change& change : changes_) change.unsynced.erase(directory->get());
  for (size_t i = changes_.size(); i-- > 0;) {
    if (i < changes_.size() && changes_[i].unsynced.empty()) MakeDurable(i);
  }
  return absl::OkStatus();
}

// With all that the change depends on, oldest first.
void SimulatedTree::MakeDurable(size_t index) {
  std::vector<size_t> durable = {index};
  for (size_t i = index; i-- > 0;) {
    const bool needed = std::any_of(durable.begin(), durable.end(), [&](size_t later) {
      return DependsOn(changes_[later], changes_[i]);
    });
    if (needed) durable.push_back(i);
  }
  std::reverse(durable.begin(), durable.end());
  for (const size_t i : durable) {
    for (const Effect& effect : changes_[i].effects) {
      Apply(effect, effect.place.directory->durable_names);
    }
  }
  for (size_t i = durable.size(); i-- > 0;) changes_.erase(changes_.begin() + durable[i]);
}

uint64_t SimulatedTree::BytesUsed() const { return BytesUsed(*root_); }

uint64_t SimulatedTree::BytesUsed(const Directory& directory) {
  uint64_t bytes = 0;
  for (const auto& [name, node] : directory.names) {
    bytes += node.file != nullptr ? node.file->size() : BytesUsed(*node.directory);
  }
  return bytes;
}

std::shared_ptr<SimulatedTree::Directory> SimulatedTree::Copy(const Directory& directory,
                                                              NamesOf names_of,
                                                              CopyFile copy_file) {
  auto copy = std::make_shared<Directory>();
  for (const auto& [name, node] : names_of(directory)) {
    Node& copied = copy->names[name];
    if (node.file != nullptr) {
      copied.file = copy_file(*node.file);
    } else {
      copied.directory = Copy(*node.directory, names_of, copy_file);
    }
  }
  copy->durable_names = copy->names;
  return copy;
}

SimulatedTree SimulatedTree::AfterPowerCut(SimulatedRandom& random) const {
  // Keeping all or nothing is as likely as a mixture.
  const uint64_t mood = random() % 3;
  std::vector<bool> kept(changes_.size());
  std::map<const Directory*, Names> states;
  for (size_t i = 0; i < changes_.size(); ++i) {
    kept[i] = mood == 0 || (mood == 1 && random() % 2 == 0);
    for (size_t j = 0; j < i; ++j) {
      if (!kept[j] && DependsOn(changes_[i], changes_[j])) kept[i] = false;
    }
    if (!kept[i]) continue;
    for (const Effect& effect : changes_[i].effects) {
      const Directory* directory = effect.place.directory.get();
      Apply(effect, states.try_emplace(directory, directory->durable_names).first->second);
    }
  }
  SimulatedTree left;
  left.root_ = Copy(
      *root_,
      [&states](const Directory& directory) {
        const auto found = states.find(&directory);
        return found == states.end() ? directory.durable_names : found->second;
      },
      [&random](const SimulatedBytes& file) { return file.AfterPowerCut(random); });
  return left;
}

// Copies each file and directory once, however many names and changes lead to it.
class SimulatedTree::Copier {
 public:
  Node Copy(const Node& node) { return {Copy(node.file), Copy(node.directory)}; }

  std::shared_ptr<Directory> Copy(const std::shared_ptr<Directory>& directory) {
    if (directory == nullptr) return nullptr;
    const auto [at, is_new] = directories_.try_emplace(directory.get());
    if (is_new) {
      at->second = std::make_shared<Directory>();
      at->second->names = Copy(directory->names);
      at->second->durable_names = Copy(directory->durable_names);
    }
    return at->second;
  }

  Change Copy(const Change& change) {
    Change copy;
    for (const Effect& effect : change.effects) {
      copy.effects.push_back({{Copy(effect.place.directory), effect.place.name},
                              Copy(effect.before),
                              Copy(effect.after)});
    }
    for (const Directory* directory : change.unsynced) {
      copy.unsynced.insert(directories_.at(directory).get());
    }
    return copy;
  }

 private:
  std::shared_ptr<SimulatedBytes> Copy(const std::shared_ptr<SimulatedBytes>& file) {
    if (file == nullptr) return nullptr;
    const auto [at, is_new] = files_.try_emplace(file.get());
    if (is_new) at->second = file->AfterKill();
    return at->second;
  }

  Names Copy(const Names& names) {
    Names copy;
    for (const auto& [name, node] : names) copy.emplace(name, Copy(node));
    return copy;
  }

  std::map<const Directory*, std::shared_ptr<Directory>> directories_;
  std::map<const SimulatedBytes*, std::shared_ptr<SimulatedBytes>> files_;
};

SimulatedTree SimulatedTree::AfterKill() const {
  SimulatedTree left;
  Copier copier;
  left.root_ = copier.Copy(root_);
  for (const Change& change : changes_) left.changes_.push_back(copier.Copy(change));
  return left;
}

}  // namespace leat::io
