// The groups of the server: a `GroupLog` on each of the broker's logs of groups, and the way to it
// from any thread.
//
// Owned by the server. Begin and end are the owner's: `Load`, `Start`, `Close`, each once, and
// destruction after the broker was stopped. A group lives in the log that its name tells, and a log
// on the shard where the broker has it. A log that cannot be read takes its own groups out of
// service and nothing else: they answer why.

#ifndef LEAT_SERVER_GROUP_HOST_H_
#define LEAT_SERVER_GROUP_HOST_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/broker/answer.h"
#include "server/broker/barrier.h"
#include "server/broker/broker.h"
#include "server/broker/internal_log.h"
#include "server/group/coordinator.h"
#include "server/group/group_log.h"
#include "server/loop_timers.h"
#include "server/topic_mirror.h"
#include "storage/io/event_loop.h"

namespace leat::server {

class GroupHost : public group::Coordinator {
 public:
  // The number of the log that the group lives in. Part of the format (docs/disk_format.md).
  static uint32_t LogNumber(std::string_view group);

  // `broker` outlives it.
  GroupHost(broker::Broker& broker, const group::GroupLog::Options& options);
  ~GroupHost() override;

  // Reads all groups, and begins to follow the topics. What cannot be read is told in the server's
  // log. `loaded` runs on some shard's thread.
  void Load(io::Task loaded);

  // The server takes calls from now on: members that do not come back lose their sessions.
  void Start();

  // Ends the streams that are left and closes the logs. `closed` runs on some shard's thread.
  void Close(io::Task closed);

  void Join(group::command::Join join, std::shared_ptr<group::MemberChannel> channel) override;
  void StreamLost(group::MemberRef member) override;
  void Submit(group::GroupCommand command, Callback<group::Outcome> done) override;
  void Describe(std::string name, Callback<group::GroupDescription> done) override;
  void List(std::string prefix, std::string after, size_t limit,
            Callback<std::vector<group::GroupSummary>> done) override;

 private:
  // Its log's thread only, but for `log`.
  struct Hosted {
    explicit Hosted(broker::InternalLog& log) : log(log), timers(log.loop()) {}

    broker::InternalLog& log;
    LoopTimers timers;
    absl::Status refusal;  // Why there are no `groups`.
    std::unique_ptr<group::GroupLog> groups;
  };
  struct Gathering;

  Hosted& Of(std::string_view group) { return *hosted_[LogNumber(group)]; }
  void LoadLog(uint32_t number, broker::Barrier loaded);
  void OnTopic(uint32_t shard, const broker::Topic& topic, broker::TopicEvent event);

  // Posts `ask(hosted, done)`, or answers why there are no groups.
  template <typename T, typename Ask>
  static void Post(Hosted& hosted, Callback<T> done, Ask ask);

  broker::Broker& broker_;
  const group::GroupLog::Options options_;
  std::atomic<size_t> group_count_ = 0;
  std::vector<std::unique_ptr<TopicMirror>> topics_;  // By shard.
  std::vector<std::unique_ptr<Hosted>> hosted_;       // By number.
};

}  // namespace leat::server

#endif  // LEAT_SERVER_GROUP_HOST_H_
