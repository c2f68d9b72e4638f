// How the records of a member's partitions are fetched.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "server/rpc/member_delivery.h"
#include "storage/record/error.h"

namespace leat::rpc {

using record::Reason;

absl::Status WithPlace(const OwnedPartition& partition, const absl::Status& status) {
  const std::string number = std::to_string(partition.assignment.partition.partition);
  record::ErrorMetadata metadata = record::MetadataOf(status);
  metadata.emplace_back("topic", partition.topic->name);
  metadata.emplace_back("partition", number);
  return record::MakeError(record::ReasonOf(status).value_or(Reason::kInternal),
                           fmt::format("topic {}, partition {}: {}", partition.topic->name, number,
                                       std::string(status.message())),
                           metadata);
}

void MemberDelivery::FetchMore() {
  while (!hungry_.empty() && !credit_.exhausted()) {
    OwnedPartition* partition = Find(hungry_.front());
    const bool wanted = partition != nullptr && partition->fetch_id == 0 && !partition->paused &&
                        !partition->revoking && partition->damage.ok();
    if (wanted) {
      auto hold = allowance_.TryHold(allowance_.fetch_bytes());
      if (hold == nullptr) return;
      const size_t max_bytes = std::min(hold->bytes(), allowance_.fetch_bytes());
      Fetch(*partition, max_bytes, std::move(hold));
    }
    if (partition != nullptr) partition->hungry = false;
    hungry_.pop_front();
  }
}

// Where there is nothing yet the broker waits, and nothing is held meanwhile.
void MemberDelivery::GoOnFetching(OwnedPartition& partition) {
  const bool fetching = partition.fetch_id != 0;
  if (stopped_ || fetching || partition.paused || partition.revoking) return;
  if (!partition.damage.ok()) return;
  if (partition.delivery.caught_up()) return Fetch(partition, allowance_.fetch_bytes(), nullptr);
  if (!std::exchange(partition.hungry, true)) hungry_.push_back(partition.assignment);
}

void MemberDelivery::Fetch(OwnedPartition& partition, size_t max_bytes,
                           std::shared_ptr<ReadHold> hold) {
  partition.fetch_id = ++last_fetch_id_;
  const bool wait = partition.delivery.caught_up();
  partition.fetch_ticket = context_.broker.Fetch(
      {.topic = partition.topic,
       .partition = partition.assignment.partition.partition,
       .from = partition.delivery.fetch_from(),
       .max_bytes = max_bytes,
       .wait = wait},
      strand_.Callback<absl::StatusOr<broker::FetchResult>>(
          [this, assignment = partition.assignment, id = partition.fetch_id,
           hold = std::move(hold)](absl::StatusOr<broker::FetchResult> fetched) mutable {
            OnFetched(assignment, id, std::move(fetched), std::move(hold));
          }));
}

void MemberDelivery::OnFetched(const group::Assignment& assignment, uint64_t fetch_id,
                               absl::StatusOr<broker::FetchResult> fetched,
                               std::shared_ptr<ReadHold> hold) {
  if (stopped_) return;
  OwnedPartition* partition = Find(assignment);
  if (partition != nullptr && partition->fetch_id == fetch_id) {
    partition->fetch_id = 0;
    fetched.ok() ? TakeIn(*partition, *std::move(fetched), hold)
                 : OnFetchFailed(*partition, fetched.status());
  }
  // Whether the answer is still wanted or not, others may wait for what the fetch held.
  hold.reset();
  Pump();
}

void MemberDelivery::TakeIn(OwnedPartition& partition, broker::FetchResult fetched,
                            std::shared_ptr<ReadHold> hold) {
  const size_t bytes = PayloadBytes(fetched);
  if (hold == nullptr) hold = allowance_.TryHold(bytes);
  if (hold == nullptr) {
    // What came while this stream had enough is fetched again when it has room.
    partition.delivery.Learn(fetched.high_watermark);
  } else {
    hold->Resize(bytes);
    partition.delivery.Add(std::move(fetched), hold);
    MarkSendable(partition);
  }
  GoOnFetching(partition);
}

void MemberDelivery::OnFetchFailed(OwnedPartition& partition, const absl::Status& status) {
  if (partition.delivery.SkipIfTrimmed(status)) {
    MarkSendable(partition);
    return GoOnFetching(partition);
  }
  switch (record::ReasonOf(status).value_or(Reason::kInternal)) {
    case Reason::kTopicNotFound:  // The group takes it away.
    case Reason::kTopicRecreated:
    case Reason::kPartitionNotFound:
    case Reason::kServerStopping:  // The stream is told by `Calls`.
    case Reason::kCallEnded:
      return;
    default:
      if (absl::IsResourceExhausted(status)) return on_error_(WithPlace(partition, status));
      MarkDamaged(partition, status);
  }
}

// What was fetched and not sent is let go of: others need the memory.
void MemberDelivery::StopFetching(OwnedPartition& partition) {
  partition.delivery.DropFetched();
  partition.damage = absl::OkStatus();
  if (std::exchange(partition.fetch_id, 0) == 0) return;
  context_.broker.CancelFetch(partition.topic, partition.assignment.partition.partition,
                              partition.fetch_ticket);
}

}  // namespace leat::rpc
