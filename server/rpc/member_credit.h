// How much of records a member may still be sent, and what it was charged for.
//
// Owned by a member's stream, used on its strand. Pure: no clock, no I/O.

#ifndef LEAT_SERVER_RPC_MEMBER_CREDIT_H_
#define LEAT_SERVER_RPC_MEMBER_CREDIT_H_

#include <cstdint>
#include <deque>

#include "absl/status/status.h"
#include "storage/record/ids.h"

namespace leat::rpc {

struct Amount {
  int64_t bytes = 0;  // Of serialized records.
  int64_t records = 0;

  friend bool operator==(const Amount&, const Amount&) = default;
};

// The credit of a whole stream. Something may be sent as long as anything is left; one message of
// one record may then take more than is left, so that no record is too large to be delivered.
class MemberCredit {
 public:
  static constexpr int64_t kMaxBytes = int64_t{1} << 30;
  static constexpr int64_t kDefaultBytes = 8 << 20;

  enum class Mode : uint8_t {
    kWindow,    // What was handled comes back.
    kExplicit,  // Only what is granted does.
  };

  // Zero bytes are the default, zero records no limit.
  MemberCredit(Mode mode, Amount initial);

  Mode mode() const { return mode_; }
  // What there is to begin with.
  const Amount& initial() const { return initial_; }
  bool exhausted() const { return left_.bytes <= 0 || left_.records <= 0; }
  // Not positive when exhausted; very many records when these have no limit.
  const Amount& left() const { return left_; }

  void Charge(const Amount& amount);

  // Returns what was charged. Of no effect in explicit mode.
  void GiveBack(const Amount& amount);

  // kInvalidField, and no effect: negative, more than `kMaxBytes` in all, or a window.
  absl::Status Grant(const Amount& amount);

 private:
  Mode mode_;
  Amount initial_;
  bool records_limited_;
  Amount left_;
};

// The charges of one partition's messages, until they are handled.
//
// Small neighbours are kept together, so that it stays small whatever the size of messages: at
// most about 1,000 entries for a window over all partitions, and one more for each. What is kept
// together comes back together.
class ChargeLedger {
 public:
  // For a message that ends before `next_offset`. `window`: the stream's.
  void Add(record::Offset next_offset, const Amount& amount, const Amount& window);

  // Takes out the charges of messages that end at or before `position`.
  Amount TakeBefore(record::Offset position);
  Amount TakeAll();

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    record::Offset next_offset;
    Amount amount;
  };

  std::deque<Entry> entries_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_MEMBER_CREDIT_H_
