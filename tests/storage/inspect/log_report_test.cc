// Damage of one kind after the other to a small log: what is said of it, and what a repair makes of
// it.

#include "storage/inspect/log_report.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/inspect/log_repair.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/frame.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/test_log.h"

namespace leat::inspect {
namespace {

using io::kBlockBytes;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = Fault::Kind;

MATCHER_P4(FaultAt, kind, file, position, range, "") {
  *result_listener << "kind " << KindName(arg.kind) << ", " << arg.file << " at byte "
                   << arg.position.bytes << ", offsets [" << arg.offset.value << ", "
                   << arg.next_offset.value << "): " << arg.what;
  return arg.kind == kind && arg.file == file && arg.position.bytes == position &&
         arg.offset.value == range.first && arg.next_offset.value == range.second;
}

std::pair<int64_t, int64_t> Range(int64_t begin, int64_t end) { return {begin, end}; }

class LogReportTest : public testing::Test {
 protected:
  // Sealed [0, 3) and [3, 5), active [5, 7); a block a frame, and each record is one.
  LogReportTest() {
    log::MakeDirectories(disk_);
    log::TestLog log(disk_, history_, 1);
    Must(log.Open());
    for (const int frames : {3, 2}) {
      Must(log.CreateSegment());
      for (int i = 0; i < frames; ++i) Must(log.Append({10}));
      Must(log.Seal());
    }
    Must(log.CreateSegment());
    Must(log.Append({10}));
    Must(log.Append({10}));
    Must(log.Close());
  }

  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  void Rot(int64_t base, uint64_t position) {
    Must(disk_.Corrupt(log::SegmentPath(base), {position}, 1));
  }
  void CutTo(int64_t base, uint64_t bytes) {
    std::unique_ptr<io::File> file = *disk_.Open(log::SegmentPath(base), io::OpenMode::kReadWrite);
    Must(file->Truncate(bytes));
    Must(file->Sync());
  }

  log::RecoveryInput Place() { return *log::ReadRecoveryInput(disk_); }

  LogReport Look() {
    const std::map<std::string, std::string> before = log::Snapshot(disk_);
    LogReport report = *InspectLog(disk_, Place(), Depth::kFrames);
    EXPECT_EQ(log::Snapshot(disk_), before);
    return report;
  }

  // Repairs; expects the log to hold [begin, end) then, and to be sound.
  void ExpectRepairKeeps(int64_t end) { ExpectRepairKeeps(0, end); }
  void ExpectRepairKeeps(int64_t begin, int64_t end) {
    log::RecoveryInput place = Place();
    const RepairPlan plan = PlanRepair(Look(), place, Beginning::kMovable);
    EXPECT_EQ(plan.log_start.value, begin);
    EXPECT_EQ(plan.end.value, end);
    EXPECT_EQ(plan.known_end.value, 7);
    for (const RepairStep& step : plan.steps) Must(DoStep(disk_, place, step).status());
    place.log_start = plan.log_start;
    place.checkpoint.reset();
    const LogReport report = *InspectLog(disk_, place, Depth::kFrames);
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_FALSE(report.corrupt);
    EXPECT_THAT(PlanRepair(report, place, Beginning::kMovable).steps, IsEmpty());
    EXPECT_EQ(report.next_offset.value, end);
    const absl::StatusOr<log::RecoveredLog> recovered = log::RecoverLog(disk_, place);
    ASSERT_TRUE(recovered.ok());
    const auto batches = log::ReadAll(disk_, *recovered);
    ASSERT_TRUE(batches.ok()) << batches.status();
    EXPECT_THAT(*batches, SizeIs(static_cast<size_t>(end - begin)));
    for (const auto& [offset, payload] : *batches) {
      EXPECT_EQ(payload, history_.acknowledged.at(offset));
    }
  }

  io::SimulatedFileSystem disk_;
  log::History history_;
};

TEST_F(LogReportTest, ASoundLog) {
  const LogReport report = Look();
  EXPECT_THAT(report.faults, IsEmpty());
  EXPECT_THAT(report.at_start, IsEmpty());
  ASSERT_THAT(report.segments, SizeIs(3));
  EXPECT_EQ(report.segments[0].records, 3u);
  EXPECT_TRUE(report.segments[1].sealed());
  EXPECT_FALSE(report.segments[2].sealed());
  EXPECT_EQ(report.known_end.value, 7);
  EXPECT_THAT(PlanRepair(report, Place(), Beginning::kMovable).steps, IsEmpty());
}

TEST_F(LogReportTest, APayloadInASealedSegment) {
  Rot(0, 2 * kBlockBytes + 200);
  EXPECT_THAT(Look().faults, ElementsAre(FaultAt(Kind::kFrames, log::SegmentPath(0),
                                                 2 * kBlockBytes, Range(1, 2))));
  ExpectRepairKeeps(1);
}

TEST_F(LogReportTest, AFrameHeaderAndWhatFollows) {
  Rot(0, 2 * kBlockBytes + 20);
  Rot(3, 1 * kBlockBytes + 200);
  EXPECT_THAT(Look().faults,
              ElementsAre(FaultAt(Kind::kFrames, log::SegmentPath(0), 2 * kBlockBytes, Range(1, 2)),
                          FaultAt(Kind::kFrames, log::SegmentPath(3), kBlockBytes, Range(3, 4))));
  ExpectRepairKeeps(1);
}

TEST_F(LogReportTest, AFrameThatDoesNotFollowOnTheOneBefore) {
  const std::string bytes = *io::ReadFile(disk_, log::SegmentPath(0), 1 << 20);
  log::FrameHeader header =
      *log::DecodeFrameHeader(std::string_view(bytes).substr(2 * kBlockBytes));
  ++header.previous_crc;
  const log::BuiltFrame frame = log::BuildFrame(header, {log::MakeBatch(1, 1, "x", 5)});
  const auto file = *disk_.Open(log::SegmentPath(0), io::OpenMode::kReadWriteDirect);
  Must(file->WriteAt({2 * kBlockBytes}, frame.bytes->span()));
  EXPECT_THAT(Look().faults, ElementsAre(FaultAt(Kind::kFrames, log::SegmentPath(0),
                                                 2 * kBlockBytes, Range(1, 2))));
  ExpectRepairKeeps(1);
}

TEST_F(LogReportTest, AFooterIsWrittenAnew) {
  Rot(0, 4 * kBlockBytes + 40);
  const LogReport report = Look();
  ASSERT_THAT(report.faults, SizeIs(1));
  EXPECT_EQ(report.faults[0].kind, Kind::kFooter);
  EXPECT_TRUE(report.corrupt);
  ExpectRepairKeeps(7);
}

TEST_F(LogReportTest, ASegmentCutInItsFrames) {
  CutTo(0, 3 * kBlockBytes);
  const LogReport report = Look();
  ASSERT_THAT(report.faults, SizeIs(2));
  EXPECT_THAT(report.faults[0],
              FaultAt(Kind::kFrames, log::SegmentPath(0), 3 * kBlockBytes, Range(2, 3)));
  EXPECT_EQ(report.faults[1].kind, Kind::kFooter);
  ExpectRepairKeeps(2);
}

TEST_F(LogReportTest, ASegmentHeader) {
  Rot(3, 50);
  EXPECT_THAT(Look().faults,
              ElementsAre(FaultAt(Kind::kHeader, log::SegmentPath(3), 0u, Range(3, 5))));
  ExpectRepairKeeps(3);
}

TEST_F(LogReportTest, ASegmentThatIsMissing) {
  Must(disk_.Remove(log::SegmentPath(3)));
  EXPECT_THAT(Look().faults,
              ElementsAre(FaultAt(Kind::kOrder, log::SegmentPath(5), 0u, Range(3, 5))));
  ExpectRepairKeeps(3);
}

TEST_F(LogReportTest, TheFirstSegmentIsMissing) {
  Must(disk_.Remove(log::SegmentPath(0)));
  const LogReport report = Look();
  EXPECT_THAT(report.faults,
              ElementsAre(FaultAt(Kind::kOrder, log::SegmentPath(3), 0u, Range(0, 3))));
  const RepairPlan fixed = PlanRepair(report, Place(), Beginning::kFixed);
  EXPECT_EQ(fixed.log_start.value, 0);
  EXPECT_EQ(fixed.end.value, 0);
  ExpectRepairKeeps(3, 7);
}

TEST_F(LogReportTest, TheHeaderOfTheFirstSegment) {
  Rot(0, 50);
  ExpectRepairKeeps(3, 7);
}

TEST_F(LogReportTest, AfterTheFirstSegmentThatIsMissingDamage) {
  Must(disk_.Remove(log::SegmentPath(0)));
  Rot(3, 2 * kBlockBytes + 200);
  ExpectRepairKeeps(3, 4);
}

TEST_F(LogReportTest, NoSegmentIsLeftAndNoOffsetComesTwice) {
  for (const int64_t base : {0, 3, 5}) Must(disk_.Remove(log::SegmentPath(base)));
  ExpectRepairKeeps(7, 7);
}

TEST_F(LogReportTest, ASegmentOfAnotherPlaceCostsNothing) {
  const std::string copy = *io::ReadFile(disk_, log::SegmentPath(0), 1 << 20);
  Must(io::ReplaceFile(disk_, log::SegmentPath(4), copy));
  const LogReport report = Look();
  EXPECT_TRUE(report.corrupt);
  EXPECT_THAT(report.faults[0].file, log::SegmentPath(4));
  ExpectRepairKeeps(7);
}

TEST_F(LogReportTest, AcknowledgedRecordsMissingAtTheEnd) {
  CutTo(5, 2 * kBlockBytes);
  const LogReport report = Look();
  EXPECT_THAT(report.faults, ElementsAre(FaultAt(Kind::kMissing, log::SegmentPath(5),
                                                 2 * kBlockBytes, Range(6, 7))));
  ExpectRepairKeeps(6);
}

TEST_F(LogReportTest, ATornWriteIsToldAndIsNoDamage) {
  log::RecoveryInput place = Place();
  place.checkpoint.reset();
  place.clean_shutdown = false;
  Rot(5, 2 * kBlockBytes + 200);
  const LogReport report = *InspectLog(disk_, place, Depth::kFrames);
  EXPECT_THAT(report.faults, IsEmpty());
  ASSERT_THAT(report.at_start, SizeIs(1));
  EXPECT_EQ(report.at_start[0].kind, log::Finding::Kind::kTailCut);
  EXPECT_EQ(report.next_offset.value, 6);
}

TEST_F(LogReportTest, WhatTheCheckpointVouchesForIsReadAllTheSame) {
  Rot(5, 1 * kBlockBytes + 200);
  const LogReport report = Look();
  EXPECT_FALSE(report.corrupt);
  EXPECT_THAT(report.faults,
              ElementsAre(FaultAt(Kind::kFrames, log::SegmentPath(5), kBlockBytes, Range(5, 6))));
  ExpectRepairKeeps(5);
}

TEST_F(LogReportTest, ADeviceThatFails) {
  disk_.Inject({.repeat = io::FaultRepeat::kForever, .matches = [](const auto& operation) {
                  return operation.kind == io::OperationKind::kRead &&
                         operation.path == log::SegmentPath(3);
                }});
  const LogReport report = *InspectLog(disk_, Place(), Depth::kFrames);
  ASSERT_THAT(report.faults, SizeIs(1));
  EXPECT_EQ(report.faults[0].kind, Kind::kUnreadable);
  EXPECT_THAT(report.faults[0], AllOf(Field(&Fault::file, log::SegmentPath(3)),
                                      Field(&Fault::what, HasSubstr("EIO"))));
}

}  // namespace
}  // namespace leat::inspect
