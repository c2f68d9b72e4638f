// A real broker on a directory of its own, for tests that run once on each I/O backend.

#ifndef LEAT_TESTS_SERVER_BROKER_BROKER_FIXTURE_H_
#define LEAT_TESTS_SERVER_BROKER_BROKER_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "server/broker/broker.h"
#include "storage/io/io_backend.h"

namespace leat::broker {

// Passes `call` a callback and waits for what it is given.
template <typename T, typename Call>
absl::StatusOr<T> Wait(Call call) {
  std::optional<absl::StatusOr<T>> result;
  absl::Notification answered;
  call([&](absl::StatusOr<T> answer) {
    result = std::move(answer);
    answered.Notify();
  });
  answered.WaitForNotification();
  return *std::move(result);
}

class BrokerTest : public testing::TestWithParam<io::IoBackendChoice> {
 protected:
  BrokerTest();
  ~BrokerTest() override;
  void SetUp() override;

  // A broker with two shards whose upkeep never comes round by itself, unless `options` say
  // otherwise.
  static BrokerOptions DefaultOptions();
  absl::Status Start(BrokerOptions options = DefaultOptions());
  absl::Status Stop();
  // Gives the directory free.
  void Destroy() { broker_.reset(); }
  // Goes on with a copy of the files: to the copy it is a crash. Nothing may be under way that
  // changes them, retention included, or the copy shows a state that never was.
  absl::Status CrashAndStart(const BrokerOptions& options = DefaultOptions());

  Broker& broker() { return *broker_; }
  std::string Path(std::string_view name) const;
  std::string ReadFile(std::string_view name) const;
  void WriteFile(std::string_view name, std::string_view content) const;
  std::vector<std::string> List(std::string_view directory) const;

  // The broker's calls, waited for.
  absl::StatusOr<TopicHandle> Create(const std::string& name, uint32_t partitions = 1,
                                     const TopicSettings& settings = {});
  absl::StatusOr<TopicHandle> Delete(const TopicHandle& topic);
  absl::StatusOr<log::AppendResult> Append(const TopicHandle& topic, uint32_t partition,
                                           std::string_view value, uint32_t records = 1);
  absl::StatusOr<FetchResult> Fetch(const TopicHandle& topic, uint32_t partition, int64_t from);
  absl::StatusOr<std::vector<PartitionStatus>> Trim(const TopicHandle& topic,
                                                    std::vector<TrimTarget> targets);
  absl::StatusOr<std::vector<PartitionStatus>> Describe(const TopicHandle& topic,
                                                        std::vector<uint32_t> partitions = {});

  // The value of every record of a partition, from its log start.
  std::vector<std::string> ReadAll(const TopicHandle& topic, uint32_t partition);

 private:
  std::string NewDirectory();

  std::vector<std::string> directories_;  // The last is in use.
  std::optional<io::IoBackend> backend_;
  std::unique_ptr<Broker> broker_;
};

std::string BackendParamName(const testing::TestParamInfo<io::IoBackendChoice>& info);

}  // namespace leat::broker

#endif  // LEAT_TESTS_SERVER_BROKER_BROKER_FIXTURE_H_
