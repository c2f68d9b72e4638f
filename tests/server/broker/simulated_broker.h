// A whole broker in one thread, on a simulated disk under a simulated clock.
//
// Owned by the test. A seed decides what happens first; the power can be cut anywhere.

#ifndef LEAT_TESTS_SERVER_BROKER_SIMULATED_BROKER_H_
#define LEAT_TESTS_SERVER_BROKER_SIMULATED_BROKER_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/broker.h"
#include "storage/io/clock.h"
#include "storage/io/io_backend.h"
#include "storage/io/simulated_bytes.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/io/simulated_file_system.h"

namespace leat::broker {

class SimulatedBroker {
 public:
  static constexpr char kDirectory[] = "/data";

  explicit SimulatedBroker(uint64_t seed);
  // On a disk that others have used.
  SimulatedBroker(uint64_t seed, std::unique_ptr<io::SimulatedFileSystem> disk);

  absl::Status Start();
  absl::Status Stop();
  bool running() const { return broker_ != nullptr; }

  // Goes on with the disk as a power cut at this moment would leave it, the broker stopped.
  void CutPower(uint64_t seed) { GoOnWith(disk_->Crash(seed)); }

  // Goes on with this disk, the broker stopped. It ends on its old disk, where nobody looks any
  // more: calls under way still get answers.
  void GoOnWith(std::unique_ptr<io::SimulatedFileSystem> disk);

  // Lets one thing happen on each shard; when nothing is due, time passes until something is.
  void Turn();

  Broker& broker() { return *broker_; }
  io::SimulatedFileSystem& disk() { return *disk_; }
  io::SimulatedClock& clock() { return clock_; }
  BrokerOptions& options() { return options_; }

  // Lets `duration` pass, and all that happens in it.
  void Advance(absl::Duration duration);

  // Passes `call` a callback and turns the loops until it was called.
  template <typename T, typename Call>
  absl::StatusOr<T> Wait(Call call) {
    std::optional<absl::StatusOr<T>> result;
    call([&](absl::StatusOr<T> answer) { result = std::move(answer); });
    const io::MonotonicTime begin = clock_.Monotonic();
    while (!result.has_value()) {
      Turn();
      // The upkeep goes on for ever: a call that is never answered shows by the clock alone.
      if (clock_.Monotonic() - begin > absl::Hours(1)) std::abort();
    }
    return *std::move(result);
  }

  // The broker's calls, waited for.
  absl::StatusOr<TopicHandle> Create(const std::string& name, uint32_t partitions = 1,
                                     const TopicSettings& settings = {});
  absl::StatusOr<TopicHandle> Delete(const TopicHandle& topic);
  absl::StatusOr<log::AppendResult> Append(const TopicHandle& topic, uint32_t partition,
                                           std::string_view value);
  absl::Status Trim(const TopicHandle& topic, uint32_t partition, int64_t log_start);
  absl::StatusOr<PartitionStatus> Describe(const TopicHandle& topic, uint32_t partition);
  // The first value of every batch, from the log start.
  absl::StatusOr<std::vector<std::string>> ReadAll(const TopicHandle& topic, uint32_t partition);

  // The same for the logs of groups.
  absl::StatusOr<log::AppendResult> AppendToGroupLog(uint32_t number, std::string_view value);
  absl::Status TrimGroupLog(uint32_t number, int64_t log_start);
  absl::StatusOr<std::vector<std::string>> ReadGroupLog(uint32_t number);

 private:
  // Runs what is due on every loop; whether there was anything.
  bool Step();
  std::optional<io::MonotonicTime> NextTimer() const;

  uint64_t seed_;
  io::SimulatedRandom ids_;
  io::SimulatedClock clock_;
  std::unique_ptr<io::SimulatedFileSystem> disk_;
  std::vector<io::SimulatedEventLoop*> loops_;  // Of the running broker.
  io::IoBackend backend_;
  BrokerOptions options_;
  std::unique_ptr<Broker> broker_;
};

}  // namespace leat::broker

#endif  // LEAT_TESTS_SERVER_BROKER_SIMULATED_BROKER_H_
