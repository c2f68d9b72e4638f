#include "server/rpc/group_report.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "server/rpc/group_page.h"
#include "server/rpc/topics_by_id.h"

namespace leat::rpc {
namespace {

using google::protobuf::util::TimeUtil;
using record::Offset;

// Batches that are looked at at one time: each is read whole.
constexpr size_t kLookupsAtOnce = 8;

constexpr int kDefaultPageSize = 1'000;
// A page ends with the element that passes this. A member with the longest subscription has some
// 350 KiB, so it stays below what gRPC's clients take.
constexpr size_t kMaxPageBytes = 2 << 20;

// Enough to tell members apart, and too little to take the place of one.
std::string Shortened(const std::string& member_id) {
  return member_id.substr(0, std::min<size_t>(12, member_id.size() / 2));
}

v1::GroupMember ToProto(const std::string& id, const group::Member& member, bool connected) {
  v1::GroupMember result;
  result.set_member_id(Shortened(id));
  result.set_instance_id(member.instance_id);
  result.set_client_name(member.client_name);
  result.set_connected(connected);
  result.set_member_epoch(member.epoch);
  for (const auto& topic : member.subscription.topics) result.add_topics(topic);
  for (const auto& pattern : member.subscription.patterns) result.add_topic_patterns(pattern);
  *result.mutable_join_time() = TimeUtil::MillisecondsToTimestamp(member.join_time_ms);
  return result;
}

v1::GroupPartition ToProto(const broker::Topic& topic, uint32_t number,
                           const group::Partition& partition) {
  v1::GroupPartition result;
  result.set_topic(topic.name);
  result.set_topic_id(broker::FormatUuid(topic.id));
  result.set_partition(number);
  result.set_assignment_epoch(partition.assignment_epoch);
  result.set_owner(Shortened(partition.owner));
  result.set_revoking(partition.revoking);
  if (partition.committed.has_value()) {
    result.set_committed_offset(*partition.committed);
    result.set_metadata(partition.metadata);
    *result.mutable_commit_time() = TimeUtil::MillisecondsToTimestamp(partition.commit_time_ms);
  }
  return result;
}

// The first record that is not handled.
Offset OldestUnhandled(const v1::GroupPartition& partition) {
  const int64_t committed =
      partition.has_committed_offset() ? partition.committed_offset() : int64_t{0};
  return {std::max(committed, partition.log_start_offset())};
}

void AddStatus(const broker::PartitionStatus& status, v1::GroupPartition& partition) {
  partition.set_log_start_offset(status.log_start.value);
  partition.set_high_watermark(status.high_watermark.value);
  if (status.state == log::LogState::kCorrupt) return;
  partition.set_lag_records(
      std::max<int64_t>(0, status.high_watermark - OldestUnhandled(partition)));
  if (partition.lag_records() == 0) partition.mutable_lag_time();
}

class Report : public std::enable_shared_from_this<Report> {
 public:
  Report(RpcContext& context, const v1::GetGroupRequest& request, GroupReported done)
      : context_(context),
        page_size_(request.page_size() == 0 ? kDefaultPageSize : request.page_size()),
        last_(ParsePageToken(request.page_token()).value_or(GroupPlace())),
        done_(std::move(done)) {}

  void Run(group::Coordinator& groups, const std::string& name) {
    groups.Describe(
        name, [self = shared_from_this()](absl::StatusOr<group::GroupDescription> described) {
          if (!described.ok()) return std::move(self->done_)(described.status());
          WorkerPool& pool = self->context_.pool;
          pool.Run([self, described = *std::move(described)] { self->OnDescribed(described); });
        });
  }

 private:
  void OnDescribed(const group::GroupDescription& described) {
    const group::Group& group = described.group;
    *response_.mutable_group() = rpc::ToProto(group::GroupSummary{
        described.name, group.epoch, group.members.size(), group.create_time_ms});
    AddMembers(described);
    AddPartitions(group);
    // One more for this function, so that nothing is over before all are asked.
    waiting_ = 1;
    for (int i = 0; i < response_.partitions_size();) i = DescribeTopicAt(i);
    ArrivePartitions();
  }

  // Whether the element at `place` belongs to this page, the order of which the calls follow.
  bool IsOnPage(GroupPlace place) {
    if (place <= last_ || !response_.next_page_token().empty()) return false;
    const int elements = response_.members_size() + response_.partitions_size();
    if (elements == page_size_ || bytes_ >= kMaxPageBytes) {
      response_.set_next_page_token(PageTokenOf(last_));
      return false;
    }
    last_ = std::move(place);
    return true;
  }

  void AddMembers(const group::GroupDescription& described) {
    for (const auto& [id, member] : described.group.members) {
      if (!IsOnPage({.name = Shortened(id)})) continue;
      v1::GroupMember& added = *response_.add_members();
      added = ToProto(id, member, described.connected.contains(id));
      bytes_ += added.ByteSizeLong();
    }
  }

  void AddPartitions(const group::Group& group) {
    const TopicsById topics = AllTopicsById(context_.broker);
    struct Known {
      broker::TopicHandle topic;
      uint32_t number;
      const group::Partition* partition;
    };
    std::vector<Known> known;
    for (const auto& [place, partition] : group.partitions) {
      const auto topic = topics.find(place.topic_id);
      if (topic == topics.end() || place.partition >= topic->second->partition_count) continue;
      if (partition.owner.empty() && !partition.committed.has_value()) continue;
      known.push_back({topic->second, place.partition, &partition});
    }
    std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) {
      return std::tie(a.topic->name, a.number) < std::tie(b.topic->name, b.number);
    });
    for (const auto& [topic, number, partition] : known) {
      if (!IsOnPage({.is_partition = true, .name = topic->name, .partition = number})) continue;
      v1::GroupPartition& added = *response_.add_partitions();
      added = ToProto(*topic, number, *partition);
      bytes_ += added.ByteSizeLong();
      topics_.push_back(topic);
    }
  }

  // Asks about all partitions of the topic that begins at `first`; returns where the next begins.
  int DescribeTopicAt(int first) {
    const broker::TopicHandle topic = topics_[first];
    std::vector<uint32_t> numbers;
    int end = first;
    for (; end < response_.partitions_size() && topics_[end] == topic; ++end) {
      numbers.push_back(response_.partitions(end).partition());
    }
    ++waiting_;
    context_.broker.DescribePartitions(
        topic, std::move(numbers),
        [self = shared_from_this(),
         first](const absl::StatusOr<std::vector<broker::PartitionStatus>>& found) {
          // Of a topic that was deleted meanwhile nothing is known.
          for (size_t i = 0; found.ok() && i < found->size(); ++i) {
            AddStatus((*found)[i],
                      *self->response_.mutable_partitions(first + static_cast<int>(i)));
          }
          self->ArrivePartitions();
        });
    return end;
  }

  void ArrivePartitions() {
    if (waiting_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    waiting_ = kLookupsAtOnce;
    for (size_t i = 0; i < kLookupsAtOnce; ++i) LookUpNext();
  }

  // One of several chains of lookups; the last to find nothing left to do answers.
  void LookUpNext() {
    for (;;) {
      const int i = next_lookup_.fetch_add(1);
      if (i >= response_.partitions_size()) break;
      if (response_.partitions(i).lag_records() > 0) return LookUp(i);
    }
    if (waiting_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    std::move(done_)(std::move(response_));
  }

  void LookUp(int i) {
    const Offset from = OldestUnhandled(response_.partitions(i));
    context_.broker.Fetch(
        {.topic = topics_[i],
         .partition = response_.partitions(i).partition(),
         .from = from,
         .max_bytes = 1},
        [self = shared_from_this(), i](const absl::StatusOr<broker::FetchResult>& fetched) {
          if (fetched.ok() && !fetched->batches.empty()) {
            const int64_t lag = self->context_.broker.clock().WallMillis() -
                                fetched->batches.front().header.append_timestamp_ms;
            *self->response_.mutable_partitions(i)->mutable_lag_time() =
                TimeUtil::MillisecondsToDuration(std::max<int64_t>(0, lag));
          }
          WorkerPool& pool = self->context_.pool;
          pool.Run([self] { self->LookUpNext(); });
        });
  }

  RpcContext& context_;
  const int page_size_;
  GroupPlace last_;  // Of this page, or of the one before it.
  size_t bytes_ = 0;
  GroupReported done_;
  v1::GetGroupResponse response_;
  std::vector<broker::TopicHandle> topics_;  // For each partition of the response.
  std::atomic<size_t> waiting_ = 0;
  std::atomic<int> next_lookup_ = 0;
};

}  // namespace

v1::Group ToProto(const group::GroupSummary& group) {
  v1::Group result;
  result.set_group(group.name);
  result.set_kind(v1::GROUP_KIND_STREAM);
  result.set_group_epoch(group.epoch);
  result.set_member_count(static_cast<uint32_t>(group.member_count));
  *result.mutable_create_time() = TimeUtil::MillisecondsToTimestamp(group.create_time_ms);
  return result;
}

void ReportGroup(RpcContext& context, group::Coordinator& groups,
                 const v1::GetGroupRequest& request, GroupReported done) {
  std::make_shared<Report>(context, request, std::move(done))->Run(groups, request.group());
}

}  // namespace leat::rpc
