// Counts the operations on a simulated disk and makes chosen ones fail.
//
// Owned by `SimulatedFileSystem`; one thread. An operation is one call of `FileSystem`, `File` or
// `EventLoop` that reaches the disk, in the order in which they are begun (`Size` and `Offload` are
// none). So a test can run its subject once to learn how many there are, then once for each with
// that one failing.

#ifndef LEAT_STORAGE_IO_SIMULATED_FAULTS_H_
#define LEAT_STORAGE_IO_SIMULATED_FAULTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace leat::io {

enum class OperationKind {
  kOpen,
  kCreate,
  kRead,
  kWrite,
  kWriteDurably,
  kSync,
  kAllocate,
  kTruncate,
  kCreateDirectory,
  kList,
  kRename,
  kRemove,
  kRemoveDirectory,
  kSyncDirectory,
  kLock,
  kSpace,
};

std::string_view OperationName(OperationKind kind);

// Whether it may change what is on the disk.
bool ChangesDisk(OperationKind kind);

struct SimulatedOperation {
  OperationKind kind = OperationKind::kOpen;
  std::string path;       // Of `Rename`: where from.
  uint64_t position = 0;  // In bytes, as is length; 0 where there is none.
  uint64_t length = 0;
};

std::ostream& operator<<(std::ostream& out, const SimulatedOperation& operation);

enum class FaultRepeat {
  kOnce,
  kForever,  // Every matching operation from that one on.
};

// What a disk may do without telling.
enum class SilentFault {
  kLostWrite,         // Nothing is written.
  kMisdirectedWrite,  // Another place of the file is written; with blocks, another block.
  kFlippedBit,        // One bit of what is written, or of what this one read returns, is wrong.
};

struct Fault {
  // Which of the operations that match, from now on; 1 is the next.
  uint64_t nth = 1;
  absl::Status error = absl::DataLossError("simulated: EIO");
  // Instead of the error. Reads and writes only, and of these only those it can befall.
  std::optional<SilentFault> silent;
  FaultRepeat repeat = FaultRepeat::kOnce;
  // All operations when empty.
  std::function<bool(const SimulatedOperation&)> matches;
};

class SimulatedFaults {
 public:
  void Inject(Fault fault) { faults_.push_back(std::move(fault)); }
  void Clear() { faults_.clear(); }

  // How an operation ends: with an error, or with a silent fault, or well.
  struct Verdict {
    absl::Status error;
    std::optional<SilentFault> silent;
  };

  // Counts an operation.
  Verdict Begin(const SimulatedOperation& operation);

  uint64_t operations() const { return operations_; }

  // From now on every operation is appended to `trace`; null ends it.
  void TraceTo(std::vector<SimulatedOperation>* trace) { trace_ = trace; }

 private:
  std::vector<Fault> faults_;
  std::vector<SimulatedOperation>* trace_ = nullptr;
  uint64_t operations_ = 0;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_FAULTS_H_
