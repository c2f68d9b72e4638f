#include "tests/faults/kill_ledger.h"

#include <cstdio>
#include <utility>

#include "fmt/format.h"

namespace leat {

// Of many lengths, so that batches begin and end anywhere in a block.
std::string KillLedger::ValueOf(const Id& id) {
  std::string value = fmt::format("{:08x} {:016x}", id.producer, id.number);
  const uint64_t mixed = (id.number + 1) * 0x9e3779b97f4a7c15u;
  value.append((mixed >> 32) % 2000, static_cast<char>('a' + mixed % 26));
  return value;
}

std::string KillLedger::NextValue(uint32_t producer) {
  const absl::MutexLock lock(&mutex_);
  return ValueOf({producer, sent_[producer]++});
}

std::optional<KillLedger::Id> KillLedger::IdOf(std::string_view value) const {
  Id id;
  const std::string text(value.substr(0, 25));
  if (std::sscanf(text.c_str(), "%8x %16lx", &id.producer, &id.number) != 2) return std::nullopt;
  const bool sent = id.producer < sent_.size() && id.number < sent_[id.producer];
  return sent && value == ValueOf(id) ? std::make_optional(id) : std::nullopt;
}

KillLedger::Place& KillLedger::PutAt(uint32_t partition, int64_t offset, std::string_view value) {
  const std::optional<Id> sent = IdOf(value);
  const Id id = sent.value_or(Id{});
  if (!sent.has_value()) {
    FailLocked(absl::DataLossError(fmt::format("partition {}, offset {}: nobody sent '{}'",
                                               partition, offset, std::string(value))));
  }
  const auto [at, is_new] = partitions_[partition].try_emplace(offset, Place{.id = id});
  if (!is_new && at->second.id != id) {
    FailLocked(absl::DataLossError(fmt::format(
        "partition {}, offset {}: record {} of producer {} was there, now {} of {}", partition,
        offset, at->second.id.number, at->second.id.producer, id.number, id.producer)));
  }
  return at->second;
}

void KillLedger::Acknowledge(uint32_t partition, int64_t offset, std::string_view value) {
  const absl::MutexLock lock(&mutex_);
  Place& place = PutAt(partition, offset, value);
  if (std::exchange(place.acknowledged, true)) {
    FailLocked(absl::DataLossError(
        fmt::format("partition {}, offset {} was acknowledged twice", partition, offset)));
  }
  ++acknowledged_;
}

void KillLedger::Refuse(std::string_view value) {
  const absl::MutexLock lock(&mutex_);
  refused_.insert(IdOf(value).value());
}

void KillLedger::Find(uint32_t partition, int64_t offset, std::string_view value) {
  const absl::MutexLock lock(&mutex_);
  PutAt(partition, offset, value).found = true;
}

void KillLedger::Fail(absl::Status error) {
  const absl::MutexLock lock(&mutex_);
  FailLocked(std::move(error));
}

void KillLedger::FailLocked(absl::Status error) { error_.Update(std::move(error)); }

absl::Status KillLedger::AwaitAcknowledged(uint64_t count) {
  const absl::MutexLock lock(&mutex_);
  const auto decided = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return acknowledged_ >= count || !error_.ok();
  };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&decided), absl::Minutes(1))) {
    return absl::DeadlineExceededError(
        fmt::format("{} records acknowledged, and then none for a minute", acknowledged_));
  }
  return error_;
}

uint64_t KillLedger::acknowledged() const {
  const absl::MutexLock lock(&mutex_);
  return acknowledged_;
}

absl::Status KillLedger::Check(const std::vector<int64_t>& ends) const {
  const absl::MutexLock lock(&mutex_);
  if (!error_.ok()) return error_;
  for (size_t partition = 0; partition < partitions_.size(); ++partition) {
    std::vector<int64_t> last(sent_.size(), -1);
    int64_t next = 0;
    for (const auto& [offset, place] : partitions_[partition]) {
      if (offset != next || !place.found) {
        return absl::DataLossError(fmt::format("partition {}, offset {} is missing{}", partition,
                                               next, place.acknowledged ? ", acknowledged" : ""));
      }
      if (refused_.contains(place.id)) {
        return absl::DataLossError(
            fmt::format("partition {}, offset {} was refused, and is there", partition, offset));
      }
      const auto number = static_cast<int64_t>(place.id.number);
      if (number <= last[place.id.producer]) {
        return absl::DataLossError(
            fmt::format("partition {}, offset {}: record {} of producer {} comes after {}",
                        partition, offset, number, place.id.producer, last[place.id.producer]));
      }
      last[place.id.producer] = number;
      ++next;
    }
    if (next != ends[partition]) {
      return absl::DataLossError(
          fmt::format("partition {} ends at {}, not at {}", partition, next, ends[partition]));
    }
  }
  return absl::OkStatus();
}

}  // namespace leat
