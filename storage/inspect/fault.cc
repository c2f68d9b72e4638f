#include "storage/inspect/fault.h"

namespace leat::inspect {
namespace {

struct Row {
  Fault::Kind kind;
  std::string_view name;
  std::string_view meaning;
  std::string_view remedy;
};

constexpr std::string_view kRestoreOrRepair =
    "restore the file from a copy; without one, 'leat segment repair' tells what a repair costs";

constexpr Row kRows[] = {
    {Fault::Kind::kHeader, "header",
     "the server takes the log for corrupt: it is read up to this segment and not written to",
     kRestoreOrRepair},
    {Fault::Kind::kFrames, "frames",
     "these records cannot be read; those before and behind them can",
     "restore the file from a copy; without one, 'leat topic trim' behind the fault gives up what "
     "is older, and 'leat segment repair --accept-loss' what is newer"},
    {Fault::Kind::kPadding, "padding",
     "no record is concerned and all can be read; but a start that has to check this place, after "
     "a "
     "crash, takes the log to end there",
     "look at the disk, and restore the file from a copy"},
    {Fault::Kind::kFooter, "footer",
     "no record is lost, but the server takes the segment for one that was never completed",
     "restore the file from a copy, or let 'leat segment repair --accept-loss' write the footer "
     "anew"},
    {Fault::Kind::kOrder, "order",
     "the server takes the log for corrupt: it is read up to this place and not written to",
     "restore the file that is missing; without a copy, 'leat segment repair' tells what a repair "
     "costs"},
    {Fault::Kind::kUnreadable, "unreadable", "the device does not give these bytes back",
     "look at the disk, copy the directory to another one, and verify it there"},
    {Fault::Kind::kMissing, "missing",
     "the server takes the log for corrupt: it is read up to this place and not written to",
     kRestoreOrRepair},
    {Fault::Kind::kProducers, "producers",
     "no record is lost, but who is in this file alone is forgotten: such producers must begin "
     "anew, and retries of what such message ids stand for may be appended again",
     "restore the file from a copy that was taken with the segments; without one start the server, "
     "which makes it anew from the batches that are left"},
    {Fault::Kind::kMeta, "meta", "the server does not start", "restore the file from a copy"},
    {Fault::Kind::kCheckpoint, "checkpoint", "the server does not start",
     "restore the file from a copy, or let 'leat segment repair --accept-loss' put it aside: the "
     "last records acknowledged before a crash have no witness then"},
    {Fault::Kind::kLogStart, "log_start", "where this log begins is not known, so it is not read",
     "restore the file from a copy"},
    {Fault::Kind::kTopics, "topics", "the server does not start",
     "restore internal/meta from a copy; without one, 'leat segment repair' tells what a repair "
     "costs"},
};

const Row& RowOf(Fault::Kind kind) {
  const Row* row = kRows;
  while (row->kind != kind) ++row;
  return *row;
}

}  // namespace

std::string_view KindName(Fault::Kind kind) { return RowOf(kind).name; }
std::string_view MeaningOf(Fault::Kind kind) { return RowOf(kind).meaning; }
std::string_view RemedyFor(Fault::Kind kind) { return RowOf(kind).remedy; }

}  // namespace leat::inspect
