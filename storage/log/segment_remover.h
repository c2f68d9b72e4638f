// Removes the files of segments that were trimmed away, each once no reader holds it; tries again
// when that fails.
//
// Owned by the log; the log's thread. Whether a removal happened, or survived a crash, does not
// matter: what lies before the log start, which was persisted first, is removed at the next opening
// too.

#ifndef LEAT_STORAGE_LOG_SEGMENT_REMOVER_H_
#define LEAT_STORAGE_LOG_SEGMENT_REMOVER_H_

#include <memory>
#include <string>
#include <vector>

#include "storage/log/log_types.h"
#include "storage/log/segment.h"

namespace leat::log {

class SegmentRemover : public std::enable_shared_from_this<SegmentRemover> {
 public:
  SegmentRemover(const LogEnvironment& environment, std::string directory);

  // Takes segments that are no longer part of the log; returns at once.
  void Remove(std::vector<std::shared_ptr<Segment>> segments);

 private:
  void Sweep();
  void PlanSweep();

  const LogEnvironment environment_;
  const std::string directory_;
  std::vector<std::shared_ptr<Segment>> doomed_;
  std::vector<std::string> failed_;  // Paths that could not be removed.
  bool sweep_planned_ = false;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_REMOVER_H_
