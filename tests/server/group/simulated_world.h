// What groups live in, simulated: time, topics, a disk, members' streams. One thread; everything is
// decided by the caller.

#ifndef LEAT_TESTS_SERVER_GROUP_SIMULATED_WORLD_H_
#define LEAT_TESTS_SERVER_GROUP_SIMULATED_WORLD_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/group/member_channel.h"
#include "server/group/record_log.h"
#include "server/group/timers.h"
#include "server/group/topic_catalogue.h"

namespace leat::group {

inline TopicId IdOf(uint64_t number) {
  TopicId id{};
  for (size_t i = 0; i < sizeof(number); ++i) id[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  return id;
}

// Both clocks stand still until they are moved; the wall clock may be set to anything.
class SimulatedTimers : public Timers {
 public:
  int64_t WallMillis() const override { return wall_ms_; }
  int64_t MonotonicMillis() const override { return monotonic_ms_; }

  TimerId After(int64_t delay_ms, absl::AnyInvocable<void() &&> task) override {
    const TimerId id = ++last_id_;
    tasks_.emplace(std::pair(monotonic_ms_ + delay_ms, id), std::move(task));
    return id;
  }

  void Cancel(TimerId timer) override {
    std::erase_if(tasks_, [timer](const auto& entry) { return entry.first.second == timer; });
  }

  void Advance(int64_t ms) {
    const int64_t end = monotonic_ms_ + ms;
    while (!tasks_.empty() && tasks_.begin()->first.first <= end) {
      auto first = tasks_.extract(tasks_.begin());
      MoveTo(std::max(monotonic_ms_, first.key().first));
      std::move(first.mapped())();
    }
    MoveTo(end);
  }

  void JumpWallClock(int64_t ms) { wall_ms_ += ms; }

  // Forgets all timers, as the end of a process does.
  void Reset() { tasks_.clear(); }

  size_t pending() const { return tasks_.size(); }

 private:
  void MoveTo(int64_t monotonic_ms) {
    wall_ms_ += monotonic_ms - monotonic_ms_;
    monotonic_ms_ = monotonic_ms;
  }

  int64_t wall_ms_ = 1'000'000;
  int64_t monotonic_ms_ = 0;
  TimerId last_id_ = 0;
  std::map<std::pair<int64_t, TimerId>, absl::AnyInvocable<void() &&>> tasks_;
};

class SimulatedTopics : public TopicCatalogue {
 public:
  TopicInfo& Make(const std::string& name, uint32_t partition_count, int64_t create_time_ms = 0) {
    TopicInfo& topic = by_name_[name];
    topic = {IdOf(++last_id_), name, partition_count, create_time_ms};
    return topic;
  }
  void Delete(const std::string& name) { by_name_.erase(name); }

  const TopicInfo* FindName(std::string_view name) const override {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }
  const TopicInfo* FindId(const TopicId& id) const override {
    for (const auto& [name, topic] : by_name_) {
      if (topic.id == id) return &topic;
    }
    return nullptr;
  }
  void ForEach(absl::FunctionRef<void(const TopicInfo&)> visit) const override {
    for (const auto& [name, topic] : by_name_) visit(topic);
  }

  TopicPartition At(const std::string& name, uint32_t partition) const {
    return {FindName(name)->id, partition};
  }

  std::map<std::string, TopicInfo, std::less<>>& all() { return by_name_; }

 private:
  uint64_t last_id_ = 0;
  std::map<std::string, TopicInfo, std::less<>> by_name_;
};

// What a log leaves on the device: it outlives the log.
struct SimulatedDisk {
  int64_t start = 0;
  std::deque<std::string> records;  // Durable ones, from `start` on.
  uint64_t block_bytes = 0;         // What each record takes at least.

  int64_t end() const { return start + static_cast<int64_t>(records.size()); }
};

// Operations stay under way until `Step`; those still under way when the log is destroyed are lost.
class SimulatedRecordLog : public RecordLog {
 public:
  explicit SimulatedRecordLog(SimulatedDisk* disk) : disk_(disk) {}

  void Append(std::string record, Appended done) override {
    operations_.push_back({std::move(record), std::move(done), nullptr});
  }

  void ReadFrom(int64_t from, Read done) override {
    Post([this, from, done = std::move(done)]() mutable {
      if (from < disk_->start)
        return std::move(done)(absl::OutOfRangeError("before the log start"));
      ReadResult result{.next_offset = from};
      for (; result.next_offset < disk_->end() && result.records.size() < 7; ++result.next_offset) {
        result.records.push_back(disk_->records[result.next_offset - disk_->start]);
      }
      std::move(done)(std::move(result));
    });
  }

  void TrimTo(int64_t offset, Done done) override {
    Post([this, offset, done = std::move(done)]() mutable {
      for (; disk_->start < offset; ++disk_->start) disk_->records.pop_front();
      std::move(done)(absl::OkStatus());
    });
  }

  int64_t log_start() const override { return disk_->start; }

  uint64_t bytes_on_disk() const override {
    uint64_t bytes = 0;
    for (const std::string& record : disk_->records) {
      bytes += std::max<uint64_t>(record.size(), disk_->block_bytes);
    }
    return bytes;
  }

  void Close(Done done) override {
    Post([done = std::move(done)]() mutable { std::move(done)(absl::OkStatus()); });
  }

  // Lets the oldest operation complete. False when there is none.
  bool Step() {
    if (operations_.empty()) return false;
    Operation operation = std::move(operations_.front());
    operations_.pop_front();
    if (operation.other) {
      std::move(operation.other)();
    } else if (!next_failure_.ok()) {
      ++failures_;
      std::move(operation.done)(std::exchange(next_failure_, absl::OkStatus()));
    } else {
      disk_->records.push_back(std::move(operation.record));
      std::move(operation.done)(disk_->end() - 1);
    }
    return true;
  }

  // Of the operations under way at a power cut: the first `durable` appends reached the disk,
  // though no one heard of it. To be destroyed next.
  void CutPower(size_t durable) {
    for (size_t i = 0; i < std::min(durable, operations_.size()); ++i) {
      if (!operations_[i].other) disk_->records.push_back(std::move(operations_[i].record));
    }
  }

  // The next append that completes fails so, and leaves nothing behind; OK takes that back.
  void FailNext(absl::Status status) { next_failure_ = std::move(status); }

  size_t under_way() const { return operations_.size(); }

  // Appends that failed.
  int failures() const { return failures_; }

 private:
  struct Operation {
    std::string record;
    Appended done;
    absl::AnyInvocable<void() &&> other;  // Anything but an append.
  };

  void Post(absl::AnyInvocable<void() &&> operation) {
    operations_.push_back({"", nullptr, std::move(operation)});
  }

  SimulatedDisk* disk_;
  int failures_ = 0;
  std::deque<Operation> operations_;
  absl::Status next_failure_;
};

// Keeps what a member is told, or hands it on.
class RecordingChannel : public MemberChannel {
 public:
  RecordingChannel() = default;
  explicit RecordingChannel(std::function<void(const MemberEvent&)> observer)
      : observer_(std::move(observer)) {}

  void Send(MemberEvent event) override {
    if (observer_) observer_(event);
    events.push_back(std::move(event));
  }

  // The events of a kind.
  template <typename T>
  std::vector<T> All() const {
    std::vector<T> all;
    for (const MemberEvent& event : events) {
      if (const T* found = std::get_if<T>(&event)) all.push_back(*found);
    }
    return all;
  }

  std::vector<MemberEvent> events;

 private:
  std::function<void(const MemberEvent&)> observer_;
};

}  // namespace leat::group

#endif  // LEAT_TESTS_SERVER_GROUP_SIMULATED_WORLD_H_
