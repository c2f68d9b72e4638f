// The streams of the null server. Each is made by gRPC's thread and deletes itself at its end.

#ifndef LEAT_BENCH_SUITE_NULL_REACTORS_H_
#define LEAT_BENCH_SUITE_NULL_REACTORS_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "leat/v1/log.pb.h"

namespace leat::bench {

// The first batch that was appended. Any thread.
class KeptBatch {
 public:
  // The first call decides.
  void Keep(const v1::ProduceRequest& request);
  bool kept() const;
  // A `ReadResponse` with that batch; an empty one before there is any.
  grpc::ByteBuffer AsReadResponse() const;

 private:
  mutable absl::Mutex mutex_;
  std::optional<v1::ReadResponse> response_ ABSL_GUARDED_BY(mutex_);
};

// What every append is answered: as long as a real answer.
v1::ProduceResponse NullAnswer(uint32_t record_count);

// Reads as fast as it can and writes an answer for each message.
class NullProduceStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit NullProduceStream(KeptBatch& kept) : kept_(kept) { StartRead(&request_); }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  KeptBatch& kept_;
  absl::Mutex mutex_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  std::deque<uint64_t> due_ ABSL_GUARDED_BY(mutex_);  // Request ids without an answer.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Writes the same message again and again.
class NullRead : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit NullRead(const KeptBatch& kept) : message_(kept.AsReadResponse()) {
    StartWrite(&message_);
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      StartWrite(&message_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  const grpc::ByteBuffer message_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_NULL_REACTORS_H_
