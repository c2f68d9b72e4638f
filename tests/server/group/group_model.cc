#include "tests/server/group/group_model.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "server/group/group.h"

namespace leat::group {
namespace {

std::string Name(const std::string& group, const TopicPartition& place) {
  return group + "/" + std::to_string(place.topic_id[7]) + "/" + std::to_string(place.partition);
}

int64_t Highest(int64_t start, const std::map<uint64_t, int64_t>& requests) {
  for (const auto& [number, offset] : requests) start = std::max(start, offset);
  return start;
}

}  // namespace

int64_t GroupModel::high_watermark(const TopicPartition& place) const {
  auto found = ends_.find(place);
  return found == ends_.end() ? 0 : found->second;
}

void GroupModel::Handle(const std::string& group, const TopicPartition& place, int64_t from,
                        int64_t to) {
  if (from >= to) return;
  Place& known = places_[{group, place}];
  int64_t& end = known.beyond[from];
  end = std::max(end, to);
  while (!known.beyond.empty() && known.beyond.begin()->first <= known.handled) {
    known.handled = std::max(known.handled, known.beyond.begin()->second);
    known.beyond.erase(known.beyond.begin());
  }
}

void GroupModel::OnAssigned(const std::string& group, const Assignment& assignment,
                            const std::string& member_id, std::optional<int64_t> committed) {
  Place& known = places_[{group, assignment.partition}];
  EXPECT_TRUE(known.owners.empty() || known.owners.rbegin()->first < assignment.epoch)
      << Name(group, assignment.partition) << ": two owners under one epoch, or epochs go back";
  known.owners.emplace(assignment.epoch, member_id);
  CheckCommitted(group, assignment.partition, committed);
}

uint64_t GroupModel::newest_epoch(const std::string& group, const TopicPartition& place) const {
  auto found = places_.find({group, place});
  return found == places_.end() || found->second.owners.empty()
             ? 0
             : found->second.owners.rbegin()->first;
}

void GroupModel::CommitAsked(RequestNumber number, const std::string& group,
                             const TopicPartition& place, int64_t offset) {
  places_[{group, place}].commits[number] = offset;
}

void GroupModel::SeekAsked(RequestNumber number, const std::string& group,
                           const TopicPartition& place, int64_t offset) {
  places_[{group, place}].seeks[number] = offset;
}

void GroupModel::Refused(RequestNumber number, const std::string& group,
                         const TopicPartition& place) {
  places_[{group, place}].commits.erase(number);
  places_[{group, place}].seeks.erase(number);
}

void GroupModel::CommitDone(RequestNumber number, const std::string& group,
                            const Assignment& assignment, const std::string& member_id,
                            uint64_t newest_epoch, int64_t committed) {
  Place& known = places_[{group, assignment.partition}];
  auto owner = known.owners.find(assignment.epoch);
  EXPECT_TRUE(owner != known.owners.end() && owner->second == member_id)
      << Name(group, assignment.partition) << ": took a commit of " << member_id
      << " under an epoch that it was never told";
  EXPECT_LE(newest_epoch, assignment.epoch)
      << Name(group, assignment.partition) << ": took a stale commit";
  CheckCommitted(group, assignment.partition, committed);
  Settle(known, number, committed);
}

void GroupModel::SeekDone(RequestNumber number, const std::string& group,
                          const TopicPartition& place, int64_t committed) {
  Settle(places_[{group, place}], number, committed);
}

void GroupModel::Settle(Place& known, RequestNumber number, int64_t committed) {
  known.confirmed = committed;
  known.commits.erase(known.commits.begin(), known.commits.upper_bound(number));
  known.seeks.erase(known.seeks.begin(), known.seeks.upper_bound(number));
}

void GroupModel::CheckCommitted(const std::string& group, const TopicPartition& place,
                                std::optional<int64_t> committed) const {
  auto found = places_.find({group, place});
  const Place known = found == places_.end() ? Place{} : found->second;
  int64_t lowest = known.confirmed;
  for (const auto& [number, offset] : known.seeks) lowest = std::min(lowest, offset);
  const int64_t highest = Highest(Highest(known.confirmed, known.commits), known.seeks);
  const int64_t actual = committed.value_or(-1);
  EXPECT_GE(actual, lowest) << Name(group, place) << ": a committed offset was lost or moved back";
  EXPECT_LE(actual, highest) << Name(group, place) << ": an offset that no one has committed";
  EXPECT_LE(actual, std::max<int64_t>(known.handled, 0))
      << Name(group, place) << ": records before the committed offset were never handled";
}

void GroupModel::Check(const std::string& group, const Group& actual) const {
  for (const auto& [place, partition] : actual.partitions) {
    CheckCommitted(group, place, partition.committed);
  }
}

void GroupModel::CheckComplete(const std::string& group, const TopicPartition& place,
                               std::optional<int64_t> committed) const {
  const int64_t end = high_watermark(place);
  EXPECT_EQ(committed.value_or(0), end) << Name(group, place);
  auto found = places_.find({group, place});
  EXPECT_EQ(found == places_.end() ? 0 : found->second.handled, end)
      << Name(group, place) << ": records were never delivered";
}

}  // namespace leat::group
