// A small data directory with a little of everything, and the judge of what becomes of it when one
// of its files is damaged.

#ifndef LEAT_TESTS_SERVER_SURVEY_SMALL_DIRECTORY_H_
#define LEAT_TESTS_SERVER_SURVEY_SMALL_DIRECTORY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/io/simulated_file_system.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::survey {

// Path and content of every file of a directory.
using Tree = std::map<std::string, std::string>;
Tree ReadTree(io::FileSystem& files, const std::string& directory);

class SmallDirectory {
 public:
  enum class Ending { kStopped, kKilled };
  explicit SmallDirectory(Ending ending);

  std::unique_ptr<io::SimulatedFileSystem> Copy() const { return disk_->Kill(); }
  const Tree& tree() const { return tree_; }

  struct Judgement {
    bool by_start = false;   // The start of a server named the damage,
    bool by_read = false;    // or a reader met it,
    bool by_verify = false;  // or `leat segment verify` named it.
    std::string wrong;       // What is not as promised; empty when all is.

    bool noticed() const { return by_start || by_read || by_verify; }
  };

  // Verifies and starts on `disk`, of which the files `damaged` are not as they were.
  Judgement Judge(std::unique_ptr<io::SimulatedFileSystem> disk,
                  const std::set<std::string>& damaged) const;

  // Repairs all logs of `disk` and once more, which is to change nothing; starts, reads and appends
  // to all partitions: those of which no file is among the `damaged` hold all they held. What is
  // wrong; empty when nothing is.
  std::string Repair(std::unique_ptr<io::SimulatedFileSystem> disk,
                     const std::set<std::string>& damaged) const;

 private:
  using Place = std::pair<std::string, uint32_t>;  // Topic and partition.

  void Fill(broker::SimulatedBroker& server);
  void Append(broker::SimulatedBroker& server, const std::string& topic, uint32_t partition,
              int count);
  // As an idempotent producer.
  void AppendSequenced(broker::SimulatedBroker& server, const std::string& topic,
                       uint32_t partition, int count);
  // Appends to a topic that keeps the last record of each key, and waits until it was compacted.
  void AppendAndCompact(broker::SimulatedBroker& server, const std::string& topic, int count);
  // Whether there is something that a tool can repair.
  static bool DoRepair(io::SimulatedFileSystem& disk);
  std::string DirectoryOf(const Place& place) const;
  void ReadTopics(broker::SimulatedBroker& server, const std::set<std::string>& damaged,
                  Judgement& judgement) const;
  void ReadPartition(broker::SimulatedBroker& server, const Place& place, bool may_be_damaged,
                     Judgement& judgement) const;

  std::unique_ptr<io::SimulatedFileSystem> disk_;
  Tree tree_;
  std::map<Place, std::vector<std::string>> values_;  // By offset. Empty: compacted away.
  std::map<Place, int64_t> log_starts_;
  std::map<std::string, std::string> ids_;  // Of topics.
};

}  // namespace leat::survey

#endif  // LEAT_TESTS_SERVER_SURVEY_SMALL_DIRECTORY_H_
