#include "server/rpc/member_credit.h"

#include <algorithm>
#include <limits>

#include "server/rpc/validate.h"

namespace leat::rpc {
namespace {

// A window is kept track of in so many parts, at least.
constexpr int64_t kGrains = 256;

// Stands for no limit, far enough from overflow.
constexpr int64_t kVeryMany = std::numeric_limits<int64_t>::max() / 2;

Amount& operator+=(Amount& a, const Amount& b) {
  a.bytes += b.bytes;
  a.records += b.records;
  return a;
}

Amount Defaulted(const Amount& initial) {
  return {initial.bytes == 0 ? MemberCredit::kDefaultBytes : initial.bytes,
          std::min(initial.records, kVeryMany)};
}

}  // namespace

MemberCredit::MemberCredit(Mode mode, Amount initial)
    : mode_(mode),
      initial_(Defaulted(initial)),
      records_limited_(initial.records > 0),
      left_{initial_.bytes, records_limited_ ? initial_.records : kVeryMany} {}

void MemberCredit::Charge(const Amount& amount) {
  left_.bytes -= amount.bytes;
  if (records_limited_) left_.records -= amount.records;
}

void MemberCredit::GiveBack(const Amount& amount) {
  if (mode_ == Mode::kExplicit) return;
  left_.bytes += amount.bytes;
  if (records_limited_) left_.records += amount.records;
}

absl::Status MemberCredit::Grant(const Amount& amount) {
  FieldErrors errors;
  if (mode_ == Mode::kWindow) {
    errors.Add("credit", "is for streams that joined with `initial_credit`");
  } else {
    errors.CheckRange("credit.bytes", amount.bytes, 0,
                      kMaxBytes - std::max<int64_t>(0, left_.bytes));
    errors.CheckRange("credit.records", amount.records, 0, kVeryMany);
  }
  if (auto status = errors.ToStatus(); !status.ok()) return status;
  left_.bytes += amount.bytes;
  if (records_limited_) left_.records = std::min(kVeryMany, left_.records + amount.records);
  return absl::OkStatus();
}

void ChargeLedger::Add(record::Offset next_offset, const Amount& amount, const Amount& window) {
  if (!entries_.empty()) {
    Entry& last = entries_.back();
    const bool few_bytes = last.amount.bytes + amount.bytes <= window.bytes / kGrains;
    const bool few_records =
        window.records == 0 || last.amount.records + amount.records <= window.records / kGrains;
    if (few_bytes && few_records) {
      last.next_offset = next_offset;
      last.amount += amount;
      return;
    }
  }
  entries_.push_back({next_offset, amount});
}

Amount ChargeLedger::TakeBefore(record::Offset position) {
  Amount taken;
  while (!entries_.empty() && entries_.front().next_offset <= position) {
    taken += entries_.front().amount;
    entries_.pop_front();
  }
  return taken;
}

Amount ChargeLedger::TakeAll() { return TakeBefore({std::numeric_limits<int64_t>::max()}); }

}  // namespace leat::rpc
