#include "bench/stream_load.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "leat/v1/log.pb.h"
#include "storage/record/batch.h"
#include "storage/record/record_set.h"
#include "storage/record/wire.h"

namespace leat::bench {
namespace {

using GenericStub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

// A request for each partition, serialized once and sent many times. They share the records.
struct PreparedRequests {
  std::vector<grpc::ByteBuffer> bytes;
  uint64_t batch_bytes = 0;
};

// What stands before a field's bytes.
void AppendLength(uint32_t field, size_t size, std::string* out) {
  record::AppendVarint(record::MakeTag(field, record::WireType::kBytes), out);
  record::AppendVarint(size, out);
}

// All of a request but its records, which are to follow.
std::string SerializeFront(const StreamLoadOptions& options, uint32_t partition,
                           const std::string& set) {
  v1::ProduceRequest produce;
  produce.set_topic(options.topic);
  produce.set_partition(partition);
  produce.set_payload_crc32c(record::Crc32c(set));
  std::string front = produce.SerializeAsString();
  AppendLength(v1::ProduceRequest::kRecordsFieldNumber, set.size(), &front);
  v1::ProduceStreamRequest request;
  request.set_request_id(1);
  std::string bytes = request.SerializeAsString();
  AppendLength(v1::ProduceStreamRequest::kProduceFieldNumber, front.size() + set.size(), &bytes);
  return bytes + front;
}

PreparedRequests Prepare(const StreamLoadOptions& options) {
  record::RecordSetBuilder builder;
  std::string value(options.record_bytes, 0);
  uint64_t state = 88172645463325252u;  // xorshift64: content that does not compress.
  for (uint32_t i = 0; i < options.records_per_batch; ++i) {
    for (char& byte : value) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      byte = static_cast<char>(state);
    }
    builder.Add(std::nullopt, value);
  }
  const std::string set = builder.Take();

  PreparedRequests prepared{.batch_bytes = set.size()};
  const grpc::Slice records(set);
  for (uint32_t i = 0; i < options.partition_count; ++i) {
    const grpc::Slice slices[] = {grpc::Slice(SerializeFront(options, i, set)), records};
    prepared.bytes.emplace_back(slices, 2);
  }
  return prepared;
}

class Load : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Load(const StreamLoadOptions& options, PreparedRequests requests)
      : options_(options), requests_(std::move(requests)), next_offsets_(options.partition_count) {}

  absl::StatusOr<StreamLoadResult> Run() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
    arguments.SetMaxReceiveMessageSize(-1);
    GenericStub stub(
        grpc::CreateCustomChannel(options_.address, grpc::InsecureChannelCredentials(), arguments));
    measure_from_ = absl::Now() + options_.warm_up;
    stop_at_ = measure_from_ + options_.duration;
    stub.PrepareBidiStreamingCall(&context_, "/leat.v1.LogService/ProduceStream", {}, this);
    AddHold();  // Writes are also started from OnReadDone.
    StartRead(&answer_);
    {
      const std::lock_guard lock(mutex_);
      WriteNext();
    }
    StartCall();
    std::unique_lock lock(mutex_);
    done_condition_.wait(lock, [this] { return done_; });
    if (!failure_.ok()) return failure_;
    if (!status_.ok()) return absl::UnknownError(status_.error_message());
    result_.batch_bytes = requests_.batch_bytes;
    for (uint32_t i = 0; i < options_.partition_count; ++i) {
      const uint64_t rounds =
          (answered_ + options_.partition_count - 1 - i) / options_.partition_count;
      result_.records_by_partition.push_back(rounds * options_.records_per_batch);
    }
    result_.records_total = answered_ * options_.records_per_batch;
    result_.elapsed = last_answer_ - first_answer_;
    return result_;
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) WriteNext();
  }

  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    if (!ok) return RemoveHold();
    const absl::Time now = absl::Now();
    Check();
    ++answered_;
    if (now >= measure_from_ && now < stop_at_) {
      if (first_answer_ == absl::InfinitePast()) {
        first_answer_ = now;
      } else {
        ++result_.requests;
      }
      last_answer_ = now;
    }
    WriteNext();
    StartRead(&answer_);
  }

  void OnDone(const grpc::Status& status) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
    done_ = true;
    done_condition_.notify_one();
  }

 private:
  void WriteNext() {
    if (writing_ || half_closed_) return;
    if (absl::Now() >= stop_at_ || sent_ >= options_.max_requests || !failure_.ok()) {
      half_closed_ = true;
      StartWritesDone();
    } else if (sent_ - answered_ < options_.window) {
      writing_ = true;
      StartWrite(&requests_.bytes[sent_++ % options_.partition_count]);
    }
  }

  void Check() {
    if (!failure_.ok()) return;
    v1::ProduceStreamResponse response;
    grpc::Slice slice;
    if (!answer_.DumpToSingleSlice(&slice).ok() ||
        !response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())) ||
        response.produced().parts_size() != 1) {
      failure_ = absl::DataLossError(
          absl::StrCat("answer ", answered_, " is not a success: ", response.ShortDebugString()));
      return;
    }
    const v1::ProducedPart& part = response.produced().parts(0);
    // Answers of different partitions come in any order.
    int64_t& expected = next_offsets_[part.partition() % options_.partition_count];
    if (part.base_offset() != expected || part.durability() != v1::DURABILITY_SYNCED) {
      failure_ = absl::DataLossError(absl::StrCat("answer ", answered_, " should have offset ",
                                                  expected, ": ", part.ShortDebugString()));
    }
    expected += options_.records_per_batch;
  }

  const StreamLoadOptions options_;
  const PreparedRequests requests_;
  grpc::ClientContext context_;
  grpc::ByteBuffer answer_;
  absl::Time measure_from_;
  absl::Time stop_at_;

  std::mutex mutex_;
  std::condition_variable done_condition_;
  bool writing_ = false;
  bool half_closed_ = false;
  bool done_ = false;
  std::vector<int64_t> next_offsets_;  // By partition.
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
  absl::Time first_answer_ = absl::InfinitePast();
  absl::Time last_answer_ = absl::InfinitePast();
  absl::Status failure_;
  grpc::Status status_;
  StreamLoadResult result_;
};

}  // namespace

double StreamLoadResult::bytes_per_second() const {
  return static_cast<double>(requests * batch_bytes) / absl::ToDoubleSeconds(elapsed);
}

absl::StatusOr<StreamLoadResult> RunStreamLoad(const StreamLoadOptions& options) {
  Load load(options, Prepare(options));
  return load.Run();
}

}  // namespace leat::bench
