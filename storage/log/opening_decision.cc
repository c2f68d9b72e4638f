#include "storage/log/opening_decision.h"

namespace leat::log {
namespace {

using S = OpeningSituation;

struct Row {
  std::string_view situation;
  bool (*holds)(const S&);
  OpeningDecision decision;
};

// The first row that holds decides. The last one always does.
constexpr Row kTable[] = {
    {"a segment that another one follows is not sealed",
     [](const S& s) { return s.followed_by_segment; }, OpeningDecision::kCorrupt},

    {"acknowledged records are missing",
     [](const S& s) { return s.acknowledged_end > s.next_offset; }, OpeningDecision::kCorrupt},

    {"the log does not end where an orderly stop left it",
     [](const S& s) {
       return s.clean_end.has_value() && (s.clean_end != s.end || s.leftover > Leftover::kZeros);
     },
     OpeningDecision::kCorrupt},

    {"bytes of a version that this program does not know",
     [](const S& s) { return s.leftover == Leftover::kUnknownVersion; }, OpeningDecision::kCorrupt},

    {"a hole before records that were acknowledged",
     [](const S& s) {
       return s.leftover == Leftover::kFrames && s.leftover_stable_offset > s.next_offset;
     },
     OpeningDecision::kCorrupt},

    {"frames behind a hole, never acknowledged",
     [](const S& s) { return s.leftover == Leftover::kFrames; }, OpeningDecision::kKeepAsideAndCut},

    {"a torn write, never acknowledged", [](const S& s) { return s.leftover == Leftover::kTorn; },
     OpeningDecision::kKeepAsideAndCut},

    {"sealing was interrupted", [](const S& s) { return s.leftover == Leftover::kFooter; },
     OpeningDecision::kFinishSealing},

    {"stale bytes of another segment", [](const S& s) { return s.leftover == Leftover::kForeign; },
     OpeningDecision::kCut},

    {"prepared blocks", [](const S& s) { return s.leftover == Leftover::kZeros; },
     OpeningDecision::kCut},

    {"the end of the file", [](const S&) { return true; }, OpeningDecision::kContinue},
};

}  // namespace

OpeningVerdict DecideOpening(const OpeningSituation& situation) {
  const Row* row = kTable;
  while (!row->holds(situation)) ++row;
  return {row->decision, row->situation};
}

}  // namespace leat::log
