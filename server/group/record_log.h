// The log that groups are kept in: one partition of `__groups`.
//
// Implemented on a `storage/log` log by whoever wires the server, in memory by tests. Owned by
// `GroupLog`; one thread. Each record is appended whole or not at all. Callbacks run on that
// thread, never inside the call that gave them.

#ifndef LEAT_SERVER_GROUP_RECORD_LOG_H_
#define LEAT_SERVER_GROUP_RECORD_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leat::group {

class RecordLog {
 public:
  struct ReadResult {
    std::vector<std::string> records;  // Those at the offsets from the one asked for on.
    int64_t next_offset = 0;
  };
  using Appended = absl::AnyInvocable<void(absl::StatusOr<int64_t>) &&>;
  using Read = absl::AnyInvocable<void(absl::StatusOr<ReadResult>) &&>;
  using Done = absl::AnyInvocable<void(absl::Status) &&>;

  virtual ~RecordLog() = default;

  // `done` with the record's offset when it is durable. Records become durable, and are answered,
  // in order; after a failure later ones may nevertheless succeed. Errors: kDiskFull,
  // kServerStopping (certainly not appended); any other means that it may have been, and that the
  // log takes no more until the server has been restarted.
  virtual void Append(std::string record, Appended done) = 0;

  // Reads durable records from `from` on: some, or none at the end of the log.
  virtual void ReadFrom(int64_t from, Read done) = 0;

  // Makes it durable that the log begins at `offset`, and lets go of what lies before.
  virtual void TrimTo(int64_t offset, Done done) = 0;

  virtual int64_t log_start() const = 0;

  // Which may be many times what the records hold: each write fills a block.
  virtual uint64_t bytes_on_disk() const = 0;

  // Waits for what is under way and closes the log.
  virtual void Close(Done done) = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_RECORD_LOG_H_
