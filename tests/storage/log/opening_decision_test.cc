#include "storage/log/opening_decision.h"

#include <gtest/gtest.h>

#include <string>

namespace leat::log {
namespace {

using enum OpeningDecision;

// A log that ends at offset 100 and byte 8192, all of it acknowledged.
OpeningSituation With(Leftover leftover) {
  return {.end = {8192},
          .next_offset = {100},
          .leftover = leftover,
          .leftover_stable_offset = {100},
          .acknowledged_end = {100}};
}

OpeningSituation After(OpeningSituation situation, void (*change)(OpeningSituation&)) {
  change(situation);
  return situation;
}

void SomethingAcknowledgedIsMissing(OpeningSituation& s) { s.acknowledged_end = {101}; }
void LessWasKnownToBeAcknowledged(OpeningSituation& s) { s.acknowledged_end = {1}; }
void StoppedInOrderHere(OpeningSituation& s) { s.clean_end = s.end; }
void StoppedInOrderElsewhere(OpeningSituation& s) { s.clean_end = s.end + 4096; }
void LeftoverBearsWitness(OpeningSituation& s) { s.leftover_stable_offset = {101}; }
void AnotherSegmentFollows(OpeningSituation& s) { s.followed_by_segment = true; }

struct Case {
  const char* name;
  OpeningSituation situation;
  OpeningDecision decision;
};

const Case kCases[] = {
    {"EndOfFile", With(Leftover::kNothing), kContinue},
    {"EndOfFileBehindCheckpoint", After(With(Leftover::kNothing), LessWasKnownToBeAcknowledged),
     kContinue},
    {"Prepared", With(Leftover::kZeros), kCut},
    {"Foreign", With(Leftover::kForeign), kCut},
    {"Footer", With(Leftover::kFooter), kFinishSealing},
    {"Torn", With(Leftover::kTorn), kKeepAsideAndCut},
    {"FramesThatWereNeverAcknowledged", With(Leftover::kFrames), kKeepAsideAndCut},
    {"FramesBehindAcknowledgedOnes", After(With(Leftover::kFrames), LeftoverBearsWitness),
     kCorrupt},
    {"UnknownVersion", With(Leftover::kUnknownVersion), kCorrupt},

    {"MissingAtEndOfFile", After(With(Leftover::kNothing), SomethingAcknowledgedIsMissing),
     kCorrupt},
    {"MissingBeforeZeros", After(With(Leftover::kZeros), SomethingAcknowledgedIsMissing), kCorrupt},
    {"MissingBeforeForeign", After(With(Leftover::kForeign), SomethingAcknowledgedIsMissing),
     kCorrupt},
    {"MissingBeforeFooter", After(With(Leftover::kFooter), SomethingAcknowledgedIsMissing),
     kCorrupt},
    {"MissingBeforeTorn", After(With(Leftover::kTorn), SomethingAcknowledgedIsMissing), kCorrupt},
    {"MissingBeforeFrames", After(With(Leftover::kFrames), SomethingAcknowledgedIsMissing),
     kCorrupt},

    {"OrderlyStop", After(With(Leftover::kNothing), StoppedInOrderHere), kContinue},
    {"OrderlyStopBeforeZeros", After(With(Leftover::kZeros), StoppedInOrderHere), kCut},
    {"OrderlyStopBeforeTorn", After(With(Leftover::kTorn), StoppedInOrderHere), kCorrupt},
    {"OrderlyStopBeforeFrames", After(With(Leftover::kFrames), StoppedInOrderHere), kCorrupt},
    {"OrderlyStopBeforeFooter", After(With(Leftover::kFooter), StoppedInOrderHere), kCorrupt},
    {"OrderlyStopElsewhere", After(With(Leftover::kNothing), StoppedInOrderElsewhere), kCorrupt},

    {"NotLast", After(With(Leftover::kNothing), AnotherSegmentFollows), kCorrupt},
    {"NotLastWithFooter", After(With(Leftover::kFooter), AnotherSegmentFollows), kCorrupt},
    {"NotLastWithTorn", After(With(Leftover::kTorn), AnotherSegmentFollows), kCorrupt},
};

class OpeningDecisionTest : public testing::TestWithParam<Case> {};

TEST_P(OpeningDecisionTest, IsThatOfTheTable) {
  const OpeningVerdict verdict = DecideOpening(GetParam().situation);
  EXPECT_EQ(verdict.decision, GetParam().decision) << verdict.situation;
}

INSTANTIATE_TEST_SUITE_P(All, OpeningDecisionTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace leat::log
