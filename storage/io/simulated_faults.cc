#include "storage/io/simulated_faults.h"

namespace leat::io {

std::string_view OperationName(OperationKind kind) {
  switch (kind) {
    case OperationKind::kOpen:
      return "open";
    case OperationKind::kCreate:
      return "create";
    case OperationKind::kRead:
      return "read";
    case OperationKind::kWrite:
      return "write";
    case OperationKind::kWriteDurably:
      return "write durably";
    case OperationKind::kSync:
      return "sync";
    case OperationKind::kAllocate:
      return "allocate";
    case OperationKind::kTruncate:
      return "truncate";
    case OperationKind::kCreateDirectory:
      return "create directory";
    case OperationKind::kList:
      return "list";
    case OperationKind::kRename:
      return "rename";
    case OperationKind::kRemove:
      return "remove";
    case OperationKind::kRemoveDirectory:
      return "remove directory";
    case OperationKind::kSyncDirectory:
      return "sync directory";
    case OperationKind::kLock:
      return "lock";
    case OperationKind::kSpace:
      return "space";
  }
  return "?";
}

bool ChangesDisk(OperationKind kind) {
  switch (kind) {
    case OperationKind::kOpen:
    case OperationKind::kRead:
    case OperationKind::kList:
    case OperationKind::kSpace:
      return false;
    default:
      return true;
  }
}

std::ostream& operator<<(std::ostream& out, const SimulatedOperation& operation) {
  return out << OperationName(operation.kind) << ' ' << operation.path << " [" << operation.position
             << ", +" << operation.length << ')';
}

SimulatedFaults::Verdict SimulatedFaults::Begin(const SimulatedOperation& operation) {
  ++operations_;
  if (trace_ != nullptr) trace_->push_back(operation);
  Verdict verdict;
  for (Fault& fault : faults_) {
    if (fault.nth == 0 || (fault.matches && !fault.matches(operation))) continue;
    // One that lasts stays at 1, one that is spent goes to 0.
    const bool strikes = fault.nth == 1;
    if (!strikes || fault.repeat == FaultRepeat::kOnce) --fault.nth;
    if (!strikes) continue;
    if (fault.silent.has_value()) {
      verdict.silent = fault.silent;
    } else {
      verdict.error.Update(fault.error);
    }
  }
  return verdict;
}

}  // namespace leat::io
