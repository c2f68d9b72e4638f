// What was asked of a server and what it answered, over all its lives; so what must, and what may,
// be found on its disk.
//
// Owned by a run; plain bookkeeping. What was answered must be there. What was asked and not
// answered is in doubt: of appends any number of the first ones may be there, of other changes
// each.

#ifndef LEAT_TESTS_CRASH_LEDGER_H_
#define LEAT_TESTS_CRASH_LEDGER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/broker/topic.h"
#include "tests/crash/found.h"

namespace leat::crash {

// What a server may do to a partition by itself.
struct Upkeep {
  bool expires = false;   // Retention may have moved the log start.
  bool compacts = false;  // Records that a later one of their key supersedes may be gone.
};

class PartitionLedger {
 public:
  // An append was sent; `number` names it in what follows.
  void Send(uint64_t number, uint32_t records, std::string payload);
  // Appends are answered in the order in which they were sent.
  absl::Status Acknowledge(uint64_t number, int64_t base_offset);
  // It was not appended, and will not be.
  void Refuse(uint64_t number);

  void AskTrim(int64_t log_start);
  // Someone was told that the log begins there: it never goes back.
  void NoteLogStart(int64_t log_start);

  int64_t end() const { return end_; }  // Of what was acknowledged.

  absl::Status Check(const FoundPartition& found, const Upkeep& upkeep) const;

  // What was found is so from now on; what was not is refused.
  void Adopt(const FoundPartition& found);

 private:
  struct Sent {
    uint64_t number = 0;
    uint32_t records = 0;
    std::string payload;
  };

  absl::Status CheckOrder(const FoundPartition& found) const;
  absl::Status CheckBatches(const FoundPartition& found) const;
  absl::Status CheckRecords(const FoundPartition& found) const;
  // All that was sent and not refused, by base offset.
  std::map<int64_t, const Sent*> Expected() const;

  std::map<int64_t, Sent> acknowledged_;  // By base offset.
  std::deque<Sent> doubtful_;
  int64_t end_ = 0;
  int64_t log_start_ = 0;
  int64_t asked_log_start_ = 0;
};

// One name; one change of it under way at a time.
class TopicLedger {
 public:
  // Nothing: deleted. Of a topic to be made the id is not known.
  using State = std::optional<broker::Topic>;

  void Ask(State after) { asked_ = std::move(after); }
  void Answer(State now);
  bool waiting() const { return asked_.has_value(); }

  // As answered; nullopt: there is none.
  const State& known() const { return known_; }
  std::vector<PartitionLedger>& partitions() { return partitions_; }

  absl::Status Check(const FoundTopic* found) const;
  void Adopt(const FoundTopic* found);

 private:
  State known_;
  std::optional<State> asked_;
  std::vector<PartitionLedger> partitions_;
};

// A group that commits one number for all partitions; changes follow one another.
class GroupLedger {
 public:
  using State = std::optional<int64_t>;  // Nothing: there is no such group.

  void Ask(uint64_t number, State after) { asked_.emplace_back(number, after); }
  void Answer(uint64_t number);
  void Refuse(uint64_t number);

  absl::Status Check(const std::vector<int64_t>* found) const;
  void Adopt(const std::vector<int64_t>* found);

 private:
  State known_;
  std::deque<std::pair<uint64_t, State>> asked_;  // Not answered yet.
};

struct Ledger {
  // OK when what was found is one of the things that may be there.
  absl::Status Check(const Found& found) const;
  void Adopt(const Found& found);

  std::map<std::string, TopicLedger> topics;
  std::map<std::string, GroupLedger> groups;
};

}  // namespace leat::crash

#endif  // LEAT_TESTS_CRASH_LEDGER_H_
