#include "tests/crash/run.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "fmt/format.h"
#include "storage/record/error.h"
#include "storage/record/message_ids.h"
#include "storage/record/record_set.h"
#include "tests/crash/image.h"
#include "tests/storage/log/batches.h"

namespace leat::crash {
namespace {

using broker::TopicHandle;
using record::Reason;

// Groups commit offsets of this one, which is never deleted.
constexpr char kSteadyTopic[] = "steady";

// Whether an answer means that nothing was done, for a reason that a run gives.
bool IsRefusal(const absl::Status& status) {
  const std::optional<Reason> reason = record::ReasonOf(status);
  return reason == Reason::kServerStopping || reason == Reason::kTopicNotFound ||
         reason == Reason::kTopicRecreated || reason == Reason::kGroupNotFound;
}

// Of fewer records than a topic remembers ids.
constexpr size_t kRemembered = 100;

std::shared_ptr<const record::IdentifiedRecords> Identify(std::string_view set) {
  return std::make_shared<const record::IdentifiedRecords>(*record::IdentifyRecords(set));
}

TopicHandle Handle(const broker::Topic& topic) {
  return std::make_shared<const broker::Topic>(topic);
}

}  // namespace

Run::Run(Options options)
    : options_(std::move(options)),
      random_(options_.seed),
      server_(options_.seed, std::make_unique<io::SimulatedFileSystem>(
                                 io::SimulatedOptions{.seed = options_.seed})) {}

absl::Status Run::Live() {
  while (!done()) LiveOnce();
  return failure_;
}

void Run::LiveOnce() {
  server_.disk().WatchChanges([this] { LookAtDisk(); });
  broker::BrokerOptions& options = server_.options();
  options.shard_count = 1 + static_cast<uint32_t>(Below(3));
  options.compaction_interval = absl::Seconds(1);
  options.compaction_key_bytes = Below(3'000);
  Note(StartAndAdopt());
  for (uint64_t actions = Below(400); actions > 0 && !done(); --actions) Act();
  if (!done()) Note(EndLife());
}

absl::Status Run::StartAndAdopt() {
  if (absl::Status started = server_.Start(); !started.ok()) return started;
  absl::StatusOr<Found> found = server_.Read();
  if (!found.ok()) return found.status();
  if (absl::Status checked = ledger_.Check(*found); !checked.ok()) return checked;
  ledger_.Adopt(*found);
  return absl::OkStatus();
}

absl::Status Run::EndLife() {
  const uint64_t choice = Below(4);
  absl::Status stopped;
  if (choice == 0) {
    stopped = server_.Stop();
    ++life_;
  } else {
    // What is answered from here on nobody gets to know.
    ++life_;
    server_.GoOnWith(choice == 1 ? server_.disk().Kill() : server_.disk().Crash(random_()));
  }
  return stopped;
}

void Run::LookAtDisk() {
  for (uint64_t i = 0; i < options_.images_per_change && !done(); ++i) {
    options_.progress(images_);
    const uint64_t seed = io::SimulatedRandom(options_.seed << 32 | images_)();
    const absl::Duration elapsed = server_.clock().Monotonic() - io::SimulatedClock().Monotonic();
    Note(CheckImage(server_.disk(), ledger_, seed, elapsed));
    ++images_;
  }
}

template <typename T>
broker::Callback<T> Run::WhileAlive(std::function<void(absl::StatusOr<T>)> take) {
  return [this, life = life_, take = std::move(take)](absl::StatusOr<T> answer) {
    if (life == life_) take(std::move(answer));
  };
}

// --- What is asked ---

void Run::Act() {
  const uint64_t dice = Below(100);
  if (dice < 45) return Append();
  if (dice < 50) return SendAgain();
  if (dice < 70) {
    for (uint64_t turns = Below(15); turns > 0; --turns) server_.Turn();
    return;
  }
  if (dice < 80) return AskOfTopic();
  if (dice < 85) return Trim();
  if (dice < 93) return Commit();
  if (dice < 94) return DeleteGroup();
  if (dice < 97) return Describe();
  server_.Advance(absl::Milliseconds(Below(3'000)));
}

Run::Target Run::RandomPartition() {
  if (ledger_.topics.empty()) return {};
  auto& [name, topic] = *std::next(ledger_.topics.begin(), Below(ledger_.topics.size()));
  if (!topic.known().has_value()) return {};
  const uint32_t partition = static_cast<uint32_t>(Below(topic.partitions().size()));
  return {Handle(*topic.known()), partition, &topic.partitions()[partition]};
}

PartitionLedger* Run::Find(const Target& target) {
  TopicLedger& topic = ledger_.topics.at(target.topic->name);
  const bool same = topic.known().has_value() && topic.known()->id == target.topic->id;
  return same ? &topic.partitions()[target.partition] : nullptr;
}

void Run::Append() {
  const Target target = RandomPartition();
  if (target.ledger == nullptr) return;
  const uint64_t number = ++last_number_;
  const uint32_t records = 1 + static_cast<uint32_t>(Below(3));
  const uint64_t size = Below(10) < 8 ? Below(300) : Below(2) == 0 ? Below(6'000) : Below(30'000);
  const std::string value = fmt::format("{} {}", number, std::string(size, '.'));
  record::RecordSetBuilder builder;
  for (uint32_t i = 0; i < records; ++i) {
    const std::string key = fmt::format("key{}", Below(8));
    const std::string id = fmt::format("{} {}", number, i);
    builder.Add(key, Below(5) == 0 ? std::nullopt : std::optional<std::string_view>(value), 0,
                {{record::kMessageIdHeader, id}});
  }
  const std::string set = builder.Take();
  target.ledger->Send(number, records, set);
  server_.broker().Append(
      target.topic, target.partition, log::BatchOf(set, 0, records, server_.clock().WallMillis()),
      WhileAlive<log::AppendResult>(
          [this, target, number, set, records](absl::StatusOr<log::AppendResult> answer) {
            PartitionLedger* ledger = Find(target);
            if (ledger == nullptr) return;
            if (!answer.ok()) {
              if (!IsRefusal(answer.status())) return Note(answer.status());
              return ledger->Refuse(number);
            }
            Note(ledger->Acknowledge(number, answer->base_offset.value));
            if (!target.topic->settings.deduplicates()) return;
            if (acknowledged_.size() == kRemembered) acknowledged_.erase(acknowledged_.begin());
            acknowledged_.push_back({target, set, records, answer->base_offset.value});
          }),
      {.conditions = {.records = Identify(set)}});
}

// Whatever happened since, it is there already, at the same place.
void Run::SendAgain() {
  if (acknowledged_.empty()) return;
  const Acknowledged& sent = acknowledged_[Below(acknowledged_.size())];
  server_.broker().Append(
      sent.target.topic, sent.target.partition,
      log::BatchOf(sent.set, 0, sent.records, server_.clock().WallMillis()),
      WhileAlive<log::AppendResult>([this, base_offset = sent.base_offset](
                                        absl::StatusOr<log::AppendResult> answer) {
        if (!answer.ok()) {
          if (!IsRefusal(answer.status())) Note(answer.status());
        } else if (!answer->duplicate || answer->base_offset.value != base_offset) {
          Note(absl::InternalError(fmt::format("what was appended at {} was appended again, at {}",
                                               base_offset, answer->base_offset.value)));
        }
      }),
      {.conditions = {.records = Identify(sent.set)}});
}

void Run::Trim() {
  const Target target = RandomPartition();
  if (target.ledger == nullptr) return;
  const auto log_start = static_cast<int64_t>(Below(target.ledger->end() + 1));
  target.ledger->AskTrim(log_start);
  using Answer = std::vector<broker::PartitionStatus>;
  server_.broker().TrimTopic(target.topic, {{target.partition, {log_start}}},
                             WhileAlive<Answer>([this, target](absl::StatusOr<Answer> answer) {
                               PartitionLedger* ledger = Find(target);
                               if (ledger == nullptr) return;
                               if (answer.ok()) {
                                 ledger->NoteLogStart(answer->front().log_start.value);
                               } else if (!IsRefusal(answer.status())) {
                                 Note(answer.status());
                               }
                             }));
}

// What is told to anyone holds.
void Run::Describe() {
  const Target target = RandomPartition();
  if (target.ledger == nullptr) return;
  using Answer = std::vector<broker::PartitionStatus>;
  server_.broker().DescribePartitions(
      target.topic, {target.partition},
      WhileAlive<Answer>([this, target](absl::StatusOr<Answer> answer) {
        PartitionLedger* ledger = Find(target);
        if (ledger == nullptr || !answer.ok()) return;
        ledger->NoteLogStart(answer->front().log_start.value);
      }));
}

// --- Topics ---

void Run::AskOfTopic() {
  if (!ledger_.topics.contains(kSteadyTopic)) return Create(kSteadyTopic);
  const std::string name(1, static_cast<char>('a' + Below(4)));
  TopicLedger& ledger = ledger_.topics[name];
  if (ledger.waiting()) return;
  if (!ledger.known().has_value()) return Create(name);
  const uint64_t dice = Below(4);
  if (dice == 0) return Delete(ledger, *ledger.known());
  if (dice == 1) return AddPartition(ledger, *ledger.known());
  Update(ledger, *ledger.known());
}

broker::Callback<TopicHandle> Run::TopicAnswer(const std::string& name) {
  return WhileAlive<TopicHandle>([this, name](absl::StatusOr<TopicHandle> answer) {
    TopicLedger& ledger = ledger_.topics.at(name);
    if (answer.ok()) return ledger.Answer(**answer);
    if (!IsRefusal(answer.status())) return Note(answer.status());
    ledger.Answer(ledger.known());
  });
}

void Run::Create(const std::string& name) {
  broker::Topic topic{.name = name, .partition_count = 1 + static_cast<uint32_t>(Below(3))};
  topic.settings.segment_bytes = (4 + Below(20)) << 12;
  topic.settings.retention_bytes = Below(2) == 0 ? 0 : (20 + Below(60)) << 12;
  topic.settings.cleanup = static_cast<broker::Cleanup>(1 + Below(3));
  topic.settings.tombstone_retention = absl::Seconds(Below(5));
  topic.settings.deduplication_time = Below(3) == 0 ? absl::ZeroDuration() : absl::Hours(24 * 365);
  ledger_.topics[name].Ask(topic);
  server_.broker().CreateTopic(name, topic.partition_count, topic.settings, TopicAnswer(name));
}

void Run::Update(TopicLedger& ledger, broker::Topic topic) {
  const TopicHandle before = Handle(topic);
  const uint64_t retention_bytes = Below(2) == 0 ? 0 : (20 + Below(60)) << 12;
  topic.settings.retention_bytes = retention_bytes;
  ledger.Ask(topic);
  server_.broker().UpdateTopic(
      before,
      [retention_bytes](broker::TopicSettings& settings) {
        settings.retention_bytes = retention_bytes;
      },
      TopicAnswer(topic.name));
}

void Run::AddPartition(TopicLedger& ledger, broker::Topic topic) {
  const TopicHandle before = Handle(topic);
  ++topic.partition_count;
  ledger.Ask(topic);
  server_.broker().AddPartitions(before, topic.partition_count, TopicAnswer(topic.name));
}

void Run::Delete(TopicLedger& ledger, const broker::Topic& topic) {
  ledger.Ask(std::nullopt);
  server_.broker().DeleteTopic(
      Handle(topic),
      WhileAlive<TopicHandle>([this, name = topic.name](absl::StatusOr<TopicHandle> answer) {
        TopicLedger& deleted = ledger_.topics.at(name);
        if (answer.ok()) return deleted.Answer(std::nullopt);
        if (!IsRefusal(answer.status())) return Note(answer.status());
        deleted.Answer(deleted.known());
      }));
}

// --- Groups ---

void Run::Commit() {
  const auto steady = ledger_.topics.find(kSteadyTopic);
  if (steady == ledger_.topics.end() || !steady->second.known().has_value()) return;
  const broker::Topic& topic = *steady->second.known();
  const auto number = static_cast<int64_t>(++last_number_);
  group::command::Commit commit{.group = fmt::format("g{}", Below(4))};
  for (uint32_t i = 0; i < topic.partition_count; ++i) {
    commit.positions.push_back({{{topic.id, i}, 0}, number, number});
  }
  const std::string name = commit.group;
  ledger_.groups[name].Ask(number, number);
  server_.groups().Submit(
      std::move(commit),
      WhileAlive<group::Outcome>([this, name, number](absl::StatusOr<group::Outcome> answer) {
        GroupLedger& ledger = ledger_.groups.at(name);
        if (!answer.ok() && IsRefusal(answer.status())) return ledger.Refuse(number);
        if (!answer.ok()) return Note(answer.status());
        for (const group::PositionResult& result : *answer) Note(result.status);
        ledger.Answer(number);
      }));
}

void Run::DeleteGroup() {
  const std::string name = fmt::format("g{}", Below(4));
  if (!ledger_.groups.contains(name)) return;
  const uint64_t number = ++last_number_;
  ledger_.groups[name].Ask(number, std::nullopt);
  server_.groups().Submit(
      group::command::DeleteGroup{.group = name},
      WhileAlive<group::Outcome>([this, name, number](absl::StatusOr<group::Outcome> answer) {
        GroupLedger& ledger = ledger_.groups.at(name);
        if (answer.ok()) return ledger.Answer(number);
        if (!IsRefusal(answer.status())) return Note(answer.status());
        ledger.Refuse(number);
      }));
}

}  // namespace leat::crash
