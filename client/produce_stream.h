// The producer's stream to the server: connects when there is something to send, sends batches,
// hands out answers. Internal.
//
// Used by the producer's thread alone; nothing blocks. A batch is only handed to a connection that
// stands, so that a server that was never reached leaves no unknown outcome behind.

#ifndef LEAT_CLIENT_PRODUCE_STREAM_H_
#define LEAT_CLIENT_PRODUCE_STREAM_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/producer.h"
#include "client/raw_call.h"
#include "client/record.h"
#include "client/send_batch.h"
#include "client/wakeup.h"

namespace leat::client {

// The bytes of a `ProduceStreamRequest`: all but the payload, which is shared with the batch.
// `batch` is sealed.
RawMessage EncodeProduceRequest(const SendBatch& batch, uint64_t request_id,
                                std::optional<uint64_t> resume_after, Durability durability);

class ProduceStream {
 public:
  ProduceStream(std::shared_ptr<const Connection> connection, std::shared_ptr<Wakeup> wakeup,
                Durability durability);

  // Whether a batch can be sent now. Begins to connect if need be.
  bool Ready(absl::Time now);

  // When to ask `Ready` again, if the wakeup is not raised before: connecting raises nothing.
  absl::Time NextTry(absl::Time now) const;

  // Why nothing can be sent; OK while the stream stands.
  const absl::Status& last_error() const { return last_error_; }

  // Sends a sealed batch. Requires `Ready`.
  void Send(const SendBatch& batch, uint64_t request_id, std::optional<uint64_t> resume_after);

  struct Answer {
    uint64_t request_id = 0;
    SendResult result;
    std::vector<RecordPlace> places;  // As in `CompletedBatch`.
  };
  // The next answer, if there is one. An error means that the server breaks the protocol.
  absl::StatusOr<std::optional<Answer>> NextAnswer();

  // Once after a stream ended: what became of every request without an answer. Later ones go over a
  // new stream.
  std::optional<absl::Status> TakeEnd(absl::Time now);

  // Ends the stream; it ended with `status`.
  void Break(absl::Time now, absl::Status status);

 private:
  const std::shared_ptr<const Connection> connection_;
  const std::shared_ptr<Wakeup> wakeup_;
  const Durability durability_;
  std::unique_ptr<RawCall> call_;
  absl::Status last_error_;
  absl::Time not_before_ = absl::InfinitePast();
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_PRODUCE_STREAM_H_
