// Reads partitions of a topic, from a position to a position, or follows them.
//
// Owned by the caller, used by one thread at a time, except for `Stop`. A lost connection is made
// again by itself and the read goes on where it was: each record is delivered once, in offset order
// within its partition. What retention removed under the reader is told as a gap.
//
//   leat::client::Reader reader(client, {.topic = "orders", .end = Position::Latest()});
//   while (true) {
//     absl::StatusOr<std::optional<leat::client::ReadEvent>> event = reader.Next();
//     if (!event.ok()) return event.status();
//     if (!event->has_value()) break;  // Everything was read.
//     if ((*event)->kind == leat::client::ReadEvent::Kind::kRecord) Use((*event)->record);
//   }

#ifndef LEAT_CLIENT_READER_H_
#define LEAT_CLIENT_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "client/position.h"
#include "client/read_message.h"

namespace leat::client {

struct ReadOptions {
  std::string topic;
  // Empty: all there are when the read begins.
  std::vector<uint32_t> partitions;
  Position start = Position::Earliest();
  // Exclusive, found when the read begins. Unset: never, new records are delivered as they become
  // durable.
  std::optional<Position> end;
  // Whether whole batches are taken, with the producer's checksum and compression. Otherwise the
  // server cuts and decompresses.
  bool whole_batches = true;
  // Largest chunk in bytes; 0 leaves it to the server.
  uint32_t max_chunk_bytes = 0;
  // How long an unreachable or busy server is waited for before `Next` fails with its error. A
  // first connection is not waited for.
  absl::Duration retry_timeout = absl::Seconds(30);
};

struct ReadEvent {
  enum class Kind : uint8_t {
    kRecord,          // `record`.
    kGap,             // Offsets [gap_from, gap_to) can no longer be read.
    kEndOfPartition,  // The end asked for is reached in this partition.
    kDamage,          // This partition cannot be read on, for `damage`. The others can.
  };

  Kind kind = Kind::kRecord;
  uint32_t partition = 0;
  ReadRecord record;  // Its views live until the next call of `Next`.
  int64_t gap_from = 0;
  int64_t gap_to = 0;
  absl::Status damage;
};

class Reader {
 public:
  // Does nothing yet: the read begins with the first `Next`.
  Reader(Client client, ReadOptions options);
  ~Reader();

  // The next event; nullopt when all was read that was asked for. Blocks for at most `timeout`,
  // then DEADLINE_EXCEEDED: call again. CANCELLED after `Stop`. OUT_OF_RANGE when the start is an
  // offset that cannot be read. Any other error is final, and returned again.
  absl::StatusOr<std::optional<ReadEvent>> Next(absl::Duration timeout = absl::InfiniteDuration());

  // Whether records are at hand, so that `Next` does not wait.
  bool HasRecords() const;

  // Records of all partitions between here and their high watermarks (or ends), as far as is known.
  // -1 before the first `Next`.
  int64_t records_left() const;

  // Makes `Next` return CANCELLED, now and ever after. Any thread.
  void Stop();

 private:
  class Impl;

  const std::unique_ptr<Impl> impl_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_READER_H_
