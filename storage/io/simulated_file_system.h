// A disk in memory that tests can cut the power of, fill, break and rot.
//
// Owned by the test; one thread; outlives its files, locks and loops' operations. Nothing depends
// on time or chance but through the seed. Direct files insist on alignment as real ones do; a
// flushed write must lie inside the file and may not overlap another in flight, else the process
// stops: that is a bug of the caller's.
//
//   SimulatedFileSystem disk;
//   ... use it; some of it synced ...
//   std::unique_ptr<SimulatedFileSystem> after = disk.Crash(seed);  // `disk` itself goes on.
//   ... recover from *after, compare ...

#ifndef LEAT_STORAGE_IO_SIMULATED_FILE_SYSTEM_H_
#define LEAT_STORAGE_IO_SIMULATED_FILE_SYSTEM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/io/file_system.h"
#include "storage/io/simulated_faults.h"
#include "storage/io/simulated_tree.h"

namespace leat::io {

struct SimulatedOptions {
  uint64_t seed = 1;
  // Whether direct modes are granted; else such files are buffered, and say so.
  bool direct_io = true;
  // RESOURCE_EXHAUSTED when the sizes of all files would add up to more.
  uint64_t capacity_bytes = uint64_t{1} << 40;
};

class SimulatedFileSystem : public FileSystem {
 public:
  explicit SimulatedFileSystem(SimulatedOptions options = {});

  // The disk after a power cut at this moment, all of it durable: every unsynced sector, size and
  // name kept, dropped or (sectors only) garbage; flushed writes in flight torn. Without locks,
  // faults and trace. The same for the same seed; this disk is not changed, so many cuts can be
  // tried at one moment. To cut the power *in* an operation, let that one and all after it fail
  // (`FailNth`, `kForever`) first.
  std::unique_ptr<SimulatedFileSystem> Crash(uint64_t seed) const;

  // The disk after the process alone was killed at this moment, as the next one finds it: all that
  // was written, but no write in flight. What was not synced still is not.
  std::unique_ptr<SimulatedFileSystem> Kill() const;

  // The n-th operation from now on (1 is the next) ends with `error`. A write that fails may have
  // been done in part; one flush that fails never flushes what it did not, whatever later ones say.
  void FailNth(uint64_t n, absl::Status error, FaultRepeat repeat);
  void Inject(Fault fault) { faults_.Inject(std::move(fault)); }
  void ClearFaults() { faults_.Clear(); }

  // How many operations were begun, and which.
  uint64_t operations() const { return faults_.operations(); }
  void TraceTo(std::vector<SimulatedOperation>* trace) { faults_.TraceTo(trace); }

  // `watch` is called before every change of the disk: before an operation that may make one, and
  // before a flushed write ends. There it may look, and take copies with `Crash` and `Kill`. Null
  // ends it.
  void WatchChanges(std::function<void()> watch) { watch_ = std::move(watch); }

  void SetCapacity(uint64_t bytes) { options_.capacity_bytes = bytes; }

  // Turns the bits of `mask` in the byte at `position`, as rot would. NOT_FOUND; OUT_OF_RANGE past
  // the end.
  absl::Status Corrupt(const std::string& path, FilePosition position, uint8_t mask);

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  absl::StatusOr<SpaceInfo> Space(const std::string& path) override;

 private:
  friend class SimulatedFile;
  class HeldLock;

  absl::Status Begin(OperationKind kind, const std::string& path) {
    return BeginIo(kind, path, {}, 0).error;
  }
  SimulatedFaults::Verdict BeginIo(OperationKind kind, const std::string& path,
                                   FilePosition position, uint64_t length);
  void BeforeChange() const {
    if (watch_) watch_();
  }
  // RESOURCE_EXHAUSTED when there is no room for a file of `size` bytes to grow to `end`.
  absl::Status CheckRoom(const std::string& path, uint64_t size, uint64_t end) const;

  SimulatedOptions options_;
  SimulatedFaults faults_;
  SimulatedTree tree_;
  SimulatedRandom random_;
  std::set<const SimulatedBytes*> locked_;
  std::function<void()> watch_;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_FILE_SYSTEM_H_
