// A whole server without its network: broker and groups, in one thread, on a simulated disk.
//
// It ends on its disk, in order, when it is destroyed: what it leaves to others is to be copied
// from the disk before.

#ifndef LEAT_TESTS_CRASH_SERVER_H_
#define LEAT_TESTS_CRASH_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/broker/broker.h"
#include "server/group/group_command.h"
#include "server/group_host.h"
#include "storage/io/simulated_file_system.h"
#include "tests/crash/found.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::crash {

class Server {
 public:
  // It compacts nothing, unless told in `options()`. `elapsed`: what its clock shows beyond that of
  // another new server.
  Server(uint64_t seed, std::unique_ptr<io::SimulatedFileSystem> disk,
         absl::Duration elapsed = absl::ZeroDuration());
  ~Server();

  // Recovers and reads everything. Fails too when recovery found more than torn tails and
  // interrupted rewrites.
  absl::Status Start();

  // In order.
  absl::Status Stop();

  // Ends the server at once and goes on with `disk`.
  void GoOnWith(std::unique_ptr<io::SimulatedFileSystem> disk);

  // Everything there is. Fails when a partition is not online, or cannot be read.
  absl::StatusOr<Found> Read();

  // Lets `duration` pass, and what happens in it.
  void Advance(absl::Duration duration) { simulation_.Advance(duration); }
  void Turn() { simulation_.Turn(); }

  io::SimulatedFileSystem& disk() { return simulation_.disk(); }
  io::SimulatedClock& clock() { return simulation_.clock(); }
  broker::Broker& broker() { return simulation_.broker(); }
  broker::BrokerOptions& options() { return simulation_.options(); }
  server::GroupHost& groups() { return *groups_; }

  // Passes `call` a callback and waits for the answer.
  template <typename T, typename Call>
  absl::StatusOr<T> Wait(Call call) {
    return simulation_.Wait<T>(std::move(call));
  }

 private:
  absl::Status CheckFindings();
  absl::StatusOr<FoundTopic> ReadTopic(const broker::TopicHandle& topic);
  absl::StatusOr<FoundPartition> ReadPartition(const broker::TopicHandle& topic,
                                               const broker::PartitionStatus& status);
  absl::Status ReadGroups(Found& found);

  broker::SimulatedBroker simulation_;
  std::unique_ptr<server::GroupHost> groups_;
};

}  // namespace leat::crash

#endif  // LEAT_TESTS_CRASH_SERVER_H_
