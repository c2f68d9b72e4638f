#include "server/group_host.h"

#include <algorithm>
#include <random>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "server/broker/internal_log_id.h"
#include "server/broker_record_log.h"
#include "spdlog/spdlog.h"
#include "storage/record/error.h"
#include "storage/record/partitioner.h"

namespace leat::server {
namespace {

using record::MakeError;
using record::Reason;

// 128 random bits in hexadecimal digits.
std::string NewMemberId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// What the groups of a log answer that could not be read.
absl::Status Unreadable(uint32_t number, const absl::Status& why) {
  const std::string detail =
      fmt::format("the log {} of groups cannot be read: {}", number, std::string(why.message()));
  if (absl::IsDataLoss(why)) {
    record::ErrorMetadata metadata = record::MetadataOf(why);
    if (metadata.empty()) metadata = {{"file", broker::GroupsLog(number).name}};
    return MakeError(Reason::kLogCorrupt, detail, metadata);
  }
  return MakeError(Reason::kPartitionOffline, detail, {{"detail", detail}});
}

// A join on its way to its group: a channel is told, come what may.
class PendingJoin {
 public:
  PendingJoin(group::command::Join join, std::shared_ptr<group::MemberChannel> channel)
      : join_(std::move(join)), channel_(std::move(channel)) {}
  PendingJoin(PendingJoin&&) = default;
  ~PendingJoin() { Refuse(broker::ServerStopping()); }

  void Refuse(const absl::Status& why) {
    if (channel_ != nullptr) std::exchange(channel_, nullptr)->Send(group::event::Closed{why});
  }
  void Execute(group::GroupLog& groups) {
    groups.Join(std::move(join_), std::exchange(channel_, nullptr));
  }

 private:
  group::command::Join join_;
  std::shared_ptr<group::MemberChannel> channel_;
};

}  // namespace

uint32_t GroupHost::LogNumber(std::string_view group) {
  return record::PartitionForKey(group, broker::kGroupLogs);
}

GroupHost::GroupHost(broker::Broker& broker, const group::GroupLog::Options& options)
    : broker_(broker), options_(options) {
  for (uint32_t i = 0; i < broker_.shard_count(); ++i) {
    topics_.push_back(std::make_unique<TopicMirror>());
  }
  for (uint32_t i = 0; i < broker::kGroupLogs; ++i) {
    hosted_.push_back(std::make_unique<Hosted>(broker_.group_log(i)));
    hosted_[i]->refusal = MakeError(Reason::kServerStarting, "groups are being read");
  }
}

GroupHost::~GroupHost() = default;

// --- Begin and end ---

void GroupHost::Load(io::Task loaded) {
  for (uint32_t i = 0; i < topics_.size(); ++i) {
    broker_.ObserveTopics(i, [this, i](const broker::Topic& topic, broker::TopicEvent event) {
      OnTopic(i, topic, event);
    });
  }
  const broker::Barrier all_loaded(std::move(loaded));
  for (uint32_t i = 0; i < hosted_.size(); ++i) {
    hosted_[i]->log.Post([this, i, all_loaded] { LoadLog(i, all_loaded); });
  }
}

void GroupHost::LoadLog(uint32_t number, broker::Barrier loaded) {
  Hosted& hosted = *hosted_[number];
  if (hosted.log.state() == log::LogState::kCorrupt) {
    hosted.refusal = Unreadable(number, hosted.log.state_detail());
    return;  // The recovery report tells of it.
  }
  hosted.groups = std::make_unique<group::GroupLog>(
      std::make_unique<BrokerRecordLog>(hosted.log),
      group::GroupLog::Surroundings{.timers = &hosted.timers,
                                    .topics = topics_[number % topics_.size()].get(),
                                    .new_member_id = NewMemberId,
                                    .group_count = &group_count_},
      options_);
  hosted.groups->Load([&hosted, number, loaded = std::move(loaded)](const absl::Status& status) {
    if (status.ok()) return;
    hosted.refusal = Unreadable(number, status);
    spdlog::error("{}", std::string(hosted.refusal.message()));
    // Not here: this is called from within it.
    hosted.log.Post([groups = std::move(hosted.groups)] {});
  });
}

void GroupHost::Start() {
  for (const std::unique_ptr<Hosted>& hosted : hosted_) {
    hosted->log.Post([&hosted = *hosted] {
      if (hosted.groups != nullptr) hosted.groups->Start();
    });
  }
}

void GroupHost::Close(io::Task closed) {
  const broker::Barrier all_closed(std::move(closed));
  for (const std::unique_ptr<Hosted>& hosted : hosted_) {
    hosted->log.Post([&hosted = *hosted, all_closed] {
      // What became of the log is known to the broker too.
      if (hosted.groups != nullptr) hosted.groups->Close([all_closed](const absl::Status&) {});
    });
  }
}

void GroupHost::OnTopic(uint32_t shard, const broker::Topic& topic, broker::TopicEvent event) {
  if (!topics_[shard]->Take(topic, event)) return;
  for (size_t i = shard; i < hosted_.size(); i += topics_.size()) {
    if (hosted_[i]->groups != nullptr) hosted_[i]->groups->OnTopicChanged(topic.id, topic.name);
  }
}

// --- Calls ---

template <typename T, typename Ask>
void GroupHost::Post(Hosted& hosted, Callback<T> done, Ask ask) {
  hosted.log.Post(
      [&hosted, done = broker::Answer<T>(std::move(done)), ask = std::move(ask)]() mutable {
        if (hosted.groups == nullptr) return std::move(done)(hosted.refusal);
        std::move(ask)(hosted, std::move(done));
      });
}

void GroupHost::Join(group::command::Join join, std::shared_ptr<group::MemberChannel> channel) {
  Hosted& hosted = Of(join.group);
  hosted.log.Post([&hosted, join = PendingJoin(std::move(join), std::move(channel))]() mutable {
    if (hosted.groups == nullptr) return join.Refuse(hosted.refusal);
    join.Execute(*hosted.groups);
  });
}

void GroupHost::StreamLost(group::MemberRef member) {
  Hosted& hosted = Of(member.group);
  hosted.log.Post([&hosted, member = std::move(member)] {
    if (hosted.groups != nullptr) hosted.groups->StreamLost(member);
  });
}

void GroupHost::Submit(group::GroupCommand command, Callback<group::Outcome> done) {
  Hosted& hosted = Of(group::GroupNameOf(command));
  Post(hosted, std::move(done), [command = std::move(command)](Hosted& to, auto answer) {
    to.groups->Submit(command, std::move(answer));
  });
}

void GroupHost::Describe(std::string name, Callback<group::GroupDescription> done) {
  Hosted& hosted = Of(name);
  Post(hosted, std::move(done), [name = std::move(name)](Hosted& to, auto answer) mutable {
    group::GroupLog& groups = *to.groups;
    groups.Describe(name, [&groups, name,
                           answer = std::move(answer)](absl::StatusOr<group::Group> found) mutable {
      if (!found.ok()) return std::move(answer)(found.status());
      group::GroupDescription result{.name = name, .group = *std::move(found)};
      for (const auto& [id, member] : result.group.members) {
        if (groups.IsAttached(name, id)) result.connected.insert(id);
      }
      std::move(answer)(std::move(result));
    });
  });
}

// --- The list ---

// What each log answers, until all have.
struct GroupHost::Gathering {
  using Groups = std::vector<group::GroupSummary>;

  absl::StatusOr<Groups> Merge(size_t limit) {
    Groups all;
    for (absl::StatusOr<Groups>& part : parts) {
      if (!part.ok()) return part.status();
      std::move(part->begin(), part->end(), std::back_inserter(all));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    if (all.size() > limit) all.resize(limit);
    return all;
  }

  // One for each log, so that their threads need no lock.
  std::vector<absl::StatusOr<Groups>> parts;
};

void GroupHost::List(std::string prefix, std::string after, size_t limit,
                     Callback<std::vector<group::GroupSummary>> done) {
  auto gathering = std::make_shared<Gathering>();
  gathering->parts.resize(hosted_.size(), broker::ServerStopping());
  const broker::Barrier all_answered([gathering, limit, done = std::move(done)]() mutable {
    std::move(done)(gathering->Merge(limit));
  });
  using Groups = Gathering::Groups;
  for (size_t i = 0; i < hosted_.size(); ++i) {
    auto answer = [gathering, i, all_answered](absl::StatusOr<Groups> found) {
      gathering->parts[i] = std::move(found);
    };
    Post<Groups>(*hosted_[i], std::move(answer), [prefix, after, limit](Hosted& to, auto answer) {
      to.groups->List(prefix, after, limit, std::move(answer));
    });
  }
}

}  // namespace leat::server
