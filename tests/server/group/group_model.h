// What is known, from the outside alone, about groups that behave: who was told what, which records
// were handled, and within which bounds committed offsets must lie. A violation fails the test.
//
// Everything is told in the order of the log, so what was asked later takes effect later.

#ifndef LEAT_TESTS_SERVER_GROUP_GROUP_MODEL_H_
#define LEAT_TESTS_SERVER_GROUP_GROUP_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/group/group.h"
#include "server/group/group_command.h"

namespace leat::group {

// Names a request; a later one has a higher number.
using RequestNumber = uint64_t;

class GroupModel {
 public:
  // --- Records ---

  int64_t high_watermark(const TopicPartition& place) const;
  void Produce(const TopicPartition& place, int64_t records) { ends_[place] += records; }
  // Someone of the group has handled these records, or agreed to pass over them.
  void Handle(const std::string& group, const TopicPartition& place, int64_t from, int64_t to);

  // --- Assignments ---

  // A member was told that it owns a partition.
  void OnAssigned(const std::string& group, const Assignment& assignment,
                  const std::string& member_id, std::optional<int64_t> committed);
  // The newest that anyone was told.
  uint64_t newest_epoch(const std::string& group, const TopicPartition& place) const;

  // --- Commits and seeks of one partition ---

  RequestNumber Ask() { return ++last_request_; }
  // Asked for: takes effect or not, until it is answered or refused.
  void CommitAsked(RequestNumber number, const std::string& group, const TopicPartition& place,
                   int64_t offset);
  void SeekAsked(RequestNumber number, const std::string& group, const TopicPartition& place,
                 int64_t offset);
  void Refused(RequestNumber number, const std::string& group, const TopicPartition& place);
  // `newest_epoch`: when it was asked for.
  void CommitDone(RequestNumber number, const std::string& group, const Assignment& assignment,
                  const std::string& member_id, uint64_t newest_epoch, int64_t committed);
  void SeekDone(RequestNumber number, const std::string& group, const TopicPartition& place,
                int64_t committed);

  // Compares a group with what is known of it.
  void Check(const std::string& group, const Group& actual) const;

  // Everything was handled, and committed up to the end.
  void CheckComplete(const std::string& group, const TopicPartition& place,
                     std::optional<int64_t> committed) const;

 private:
  using Requests = std::map<RequestNumber, int64_t>;

  struct Place {
    int64_t handled = 0;                     // All before it were handled,
    std::map<int64_t, int64_t> beyond;       // and these ranges after it.
    std::map<uint64_t, std::string> owners;  // Told, by assignment epoch.
    int64_t confirmed = -1;                  // Committed offset when it was last told; -1 for none.
    Requests commits;                        // That may have taken effect since.
    Requests seeks;
  };

  void CheckCommitted(const std::string& group, const TopicPartition& place,
                      std::optional<int64_t> committed) const;
  void Settle(Place& known, RequestNumber number, int64_t committed);

  std::map<TopicPartition, int64_t> ends_;
  std::map<std::pair<std::string, TopicPartition>, Place> places_;
  RequestNumber last_request_ = 0;
};

}  // namespace leat::group

#endif  // LEAT_TESTS_SERVER_GROUP_GROUP_MODEL_H_
