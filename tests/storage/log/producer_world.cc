#include "tests/storage/log/producer_world.h"

#include <algorithm>
#include <utility>

#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

using record::Reason;

constexpr size_t kNames = 6;
constexpr size_t kMaxMessages = 200;
constexpr size_t kMaxRemembered = 5'000;

// What a table with less room would know.
ProducerTable Shrunk(const ProducerTable& table, size_t max_producers) {
  std::vector<std::pair<int64_t, ProducerEntry>> entries(table.entries().begin(),
                                                         table.entries().end());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.second.last().base_offset < b.second.last().base_offset;
  });
  ProducerTable shrunk(max_producers);
  shrunk.set_forgotten_grant(table.forgotten_grant());
  for (const auto& [id, entry] : entries) shrunk.Put(id, entry);
  return shrunk;
}

LogOptions Compacted() {
  LogOptions options = SmallSegments();
  options.compact = true;
  return options;
}

}  // namespace

ProducerWorld::ProducerWorld(uint64_t seed, size_t max_producers)
    : random_(seed), max_producers_(max_producers), log_(Compacted(), seed) {
  log_.resolve_producers = [this](ProducerTable& table) {
    table.ResolveGrants(
        [this](int64_t id) {
          for (const auto& instance : present_) {
            if (instance->id == id) return instance->grant;
          }
          return last_grant_;
        },
        last_grant_);
    table = Shrunk(table, max_producers_);
  };
  log_.Kill();  // So that it is opened with that.
  for (size_t name = 0; name < kNames; ++name) {
    const int64_t id = static_cast<int64_t>(++last_grant_);
    present_.push_back(std::make_shared<Instance>(Instance{.id = id, .grant = last_grant_}));
  }
}

void ProducerWorld::Live(int steps) {
  for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
    SCOPED_TRACE(testing::Message() << "step " << step);
    Act();
    Look();
  }
}

void ProducerWorld::Act() {
  const uint64_t dice = Below(10'000);
  if (dice < 3'000) return SendNew(Below(kNames));
  if (dice < 4'000) return Resend(present_[Below(kNames)]);
  if (dice < 4'300) return zombies_.empty() ? void() : Resend(zombies_[Below(zombies_.size())]);
  if (dice < 7'500) return Deliver();
  if (dice < 9'600) {
    for (uint64_t steps = Below(12); steps > 0; --steps) log_.loop().Step();
    return;
  }
  if (dice < 9'700) return log_.SaveCheckpoint();
  if (dice < 9'790) return Initialise(Below(kNames));
  if (dice < 9'800) return log_.clock().JumpWall(absl::Hours(24) * (int64_t(Below(40)) - 20));
  if (dice < 9'860) {
    // What was not looked at must stay.
    const int64_t start = log_.log().log_start().value;
    const auto range = static_cast<uint64_t>(std::max<int64_t>(0, looked_at_ - start));
    return log_.TrimTo(start + static_cast<int64_t>(Below(range + 1)));
  }
  if (dice < 9'880) return log_.Wait(absl::Milliseconds(Below(300)));
  if (dice < 9'900) return Compact();
  if (dice < 9'930) return log_.disk().SetCapacity(Below(2) == 0 ? 0 : uint64_t{1} << 40);
  if (dice < 9'935) return FailSomeOperation();
  if (dice < 9'985) return;
  Reopen();
}

void ProducerWorld::SendNew(size_t name) {
  if (present_[name]->expired) return Initialise(name);
  const std::shared_ptr<Instance>& instance = present_[name];
  if (instance->unacknowledged.size() == kMaxInFlight) return Resend(instance);
  const Batch batch{.sequence = instance->next_sequence,
                    .records = 1 + static_cast<uint32_t>(Below(3)),
                    .value = std::to_string(++values_)};
  instance->next_sequence = record::SequenceAfter(batch.sequence, batch.records);
  instance->unacknowledged.push_back(batch);
  network_.push_back({instance, batch});
}

void ProducerWorld::Resend(const std::shared_ptr<Instance>& instance) {
  for (const Batch& batch : instance->unacknowledged) network_.push_back({instance, batch});
  while (network_.size() > kMaxMessages) network_.erase(network_.begin());
}

void ProducerWorld::Deliver() {
  if (network_.empty()) return;
  const size_t which = Below(3) == 0 ? Below(network_.size()) : 0;
  const Message message = network_[which];
  // One in eight comes again, one in eight never does.
  const uint64_t fate = Below(8);
  if (fate != 0) network_.erase(network_.begin() + static_cast<ptrdiff_t>(which));
  if (fate != 1) Append(message);
}

// As a broker's shard does.
void ProducerWorld::Append(const Message& message) {
  const Instance& from = *message.from;
  if (epoch_[from.id] != from.epoch) {
    EXPECT_GT(epoch_[from.id], from.epoch);
    ++counts_.fenced;
    return;
  }
  record::Batch batch =
      MakeBatch(-1, message.batch.records, message.batch.value, log_.clock().WallMillis());
  batch.header.producer_id = from.id;
  batch.header.producer_epoch = from.epoch;
  batch.header.base_sequence = message.batch.sequence;
  log_.log().Append(std::move(batch), {.producer_grant = from.grant},
                    [this, message](const absl::StatusOr<AppendResult>& answer) {
                      if (Below(8) != 0) OnAnswer(message, answer);
                    });
}

void ProducerWorld::OnAnswer(const Message& message, const absl::StatusOr<AppendResult>& answer) {
  if (answer.ok()) return OnAppended(message, *answer);
  switch (record::ReasonOf(answer.status()).value_or(Reason::kInternal)) {
    case Reason::kOutOfOrderSequence:
      ++counts_.out_of_order;
      break;
    case Reason::kAppendOutcomeUnknown:
      ++counts_.unknown;
      break;
    case Reason::kDiskFull:
    case Reason::kPartitionOffline:
    case Reason::kServerStopping:
      ++counts_.refused;
      break;
    case Reason::kProducerExpired:
      EXPECT_LT(max_producers_, kNames) << answer.status();
      ++counts_.expired;
      message.from->expired = true;
      break;
    case Reason::kProducerFenced:
      ++counts_.fenced;
      EXPECT_NE(epoch_[message.from->id], message.from->epoch);
      break;
    default:
      ADD_FAILURE() << answer.status();
  }
}

void ProducerWorld::OnAppended(const Message& message, const AppendResult& result) {
  result.duplicate ? ++counts_.duplicates : ++counts_.appended;
  const int64_t offset = result.base_offset.value;
  ASSERT_LT(offset, log_.log().high_watermark().value) << "acknowledged and not durable";
  const Claim claim{message.batch, result.append_timestamp_ms};
  if (offset >= looked_at_) {
    claims_.emplace(offset, claim);
  } else {
    ASSERT_TRUE(durable_.contains(offset)) << offset;
    CheckClaim(claim, durable_[offset]);
  }
  std::deque<Batch>& unacknowledged = message.from->unacknowledged;
  std::erase_if(unacknowledged, [&](const Batch& batch) {
    return batch.sequence == message.batch.sequence && batch.value == message.batch.value;
  });
}

// A process takes over a name: the grant is durable, then in force, then the log is asked.
void ProducerWorld::Initialise(size_t name) {
  const std::shared_ptr<Instance> before = present_[name];
  auto next = std::make_shared<Instance>(
      Instance{.id = before->id, .epoch = before->epoch + 1, .grant = ++last_grant_});
  epoch_[next->id] = next->epoch;
  zombies_.push_back(before);
  if (zombies_.size() > 4) zombies_.erase(zombies_.begin());
  present_[name] = next;
  std::optional<absl::StatusOr<std::optional<ProducerBatch>>> found;
  log_.log().FindProducer(next->id, next->grant, [&found](auto last) { found = std::move(last); });
  log_.Run();
  LookAtAll();
  ++counts_.initialised;
  // Where nothing can be told the process tries again: here after the log was opened anew.
  if (!found.has_value() || !found->ok()) {
    Reopen();
    found.reset();
    log_.log().FindProducer(next->id, next->grant,
                            [&found](auto last) { found = std::move(last); });
    log_.Run();
    LookAtAll();
  }
  ASSERT_TRUE(found.has_value() && found->ok());
  const int32_t told =
      (*found)->has_value() ? record::SequenceAfter((**found)->last_sequence(), 1) : 0;
  if (!(*found)->has_value() && max_producers_ < kNames) next_[next->id] = 0;  // It is forgotten.
  EXPECT_EQ(told, next_[next->id]);
  next->next_sequence = told;
  told_[next->id] = {next->epoch, log_.log().high_watermark().value};
}

// All records have the same key: batches are emptied, segments rewritten.
void ProducerWorld::Compact() {
  if (compacting_) return;
  compacting_ = true;
  log_.log().Compact({}, [this](const absl::Status& status, const CompactionReport& report) {
    compacting_ = false;
    counts_.compacted += status.ok() ? report.records_removed : 0;
  });
}

void ProducerWorld::FailSomeOperation() {
  const absl::Status error =
      Below(2) == 0 ? absl::DataLossError("EIO") : absl::ResourceExhaustedError("ENOSPC");
  log_.disk().Inject({.nth = 1 + Below(20),
                      .error = error,
                      .matches = [](const io::SimulatedOperation& operation) {
                        return io::ChangesDisk(operation.kind);
                      }});
}

void ProducerWorld::Reopen() {
  log_.disk().ClearFaults();
  log_.disk().SetCapacity(uint64_t{1} << 40);
  const uint64_t way = Below(3);
  if (way == 0) log_.Restart().IgnoreError();
  if (way == 1) log_.Kill();
  if (way == 2) log_.CutPower(random_());
  looking_ = false;
  compacting_ = false;
  ++counts_.reopened;
  ASSERT_EQ(log_.log().state(), LogState::kOnline) << log_.log().state_detail();
  for (const Finding& finding : log_.recovered().findings) {
    EXPECT_NE(finding.kind, Finding::Kind::kProducersRebuilt) << finding.detail;
  }
  LookAtAll();
}

void ProducerWorld::Settle() {
  Reopen();
  const auto settled = [](const auto& instance) { return instance->unacknowledged.empty(); };
  for (int round = 0; round < 1'000; ++round) {
    if (std::all_of(present_.begin(), present_.end(), settled)) return;
    network_.clear();
    for (size_t name = 0; name < kNames; ++name) {
      present_[name]->expired ? Initialise(name) : Resend(present_[name]);
    }
    for (const Message& message : std::exchange(network_, {})) Append(message);
    log_.Run();
    LookAtAll();
  }
  ADD_FAILURE() << "a producer never gets its records in";
}

void ProducerWorld::LookAtAll() {
  while (looked_at_ < log_.log().high_watermark().value) {
    const absl::StatusOr<ReadResult> read = log_.ReadBatches(looked_at_);
    ASSERT_TRUE(read.ok()) << read.status();
    for (const record::Batch& batch : read->batches) Check(batch);
  }
  EXPECT_TRUE(claims_.empty()) << "acknowledged and not there: " << claims_.begin()->first;
}

void ProducerWorld::Look() {
  if (looking_) return;
  looking_ = true;
  log_.log().Read({looked_at_}, 64 << 10, [this](const absl::StatusOr<ReadResult>& read) {
    looking_ = false;
    ASSERT_TRUE(read.ok()) << read.status();
    for (const record::Batch& batch : read->batches) Check(batch);
  });
}

void ProducerWorld::Check(const record::Batch& batch) {
  const record::BatchHeader& header = batch.header;
  const int64_t offset = header.base_offset.value;
  if (offset < looked_at_) return;
  EXPECT_EQ(offset, looked_at_);
  looked_at_ = header.next_offset().value;
  EXPECT_EQ(header.base_sequence, next_[header.producer_id]) << "lost, doubled or out of order";
  next_[header.producer_id] =
      record::SequenceAfter(header.base_sequence, header.last_offset_delta + 1);
  CheckNew(batch);
  const auto& [told_epoch, told_at] = told_[header.producer_id];
  EXPECT_TRUE(header.producer_epoch >= told_epoch || offset < told_at) << "a fenced producer's";
  const auto [first, last] = claims_.equal_range(offset);
  for (auto claim = first; claim != last; ++claim) CheckClaim(claim->second, batch);
  claims_.erase(first, last);
  durable_[offset] = batch;
  if (durable_.size() > kMaxRemembered) durable_.erase(durable_.begin());
}

void ProducerWorld::CheckNew(const record::Batch& batch) {
  if ((batch.header.attributes & record::kCompactedBatch) != 0) return;
  const absl::Status read = record::ForEachRecord(
      std::string(batch.payload), [this](const record::RecordView& record, uint32_t index) {
        const std::string value(*record.value);
        EXPECT_TRUE(index > 0 || there_.insert(value).second) << value << " is there again";
        return true;
      });
  EXPECT_TRUE(read.ok()) << read;
}

void ProducerWorld::CheckClaim(const Claim& claim, const record::Batch& batch) {
  EXPECT_EQ(batch.header.base_sequence, claim.batch.sequence);
  EXPECT_EQ(batch.header.append_timestamp_ms, claim.timestamp_ms);
  if ((batch.header.attributes & record::kCompactedBatch) != 0) return;
  EXPECT_EQ(batch.payload, MakeBatch(0, claim.batch.records, claim.batch.value, 0).payload);
}

}  // namespace leat::log
