// A request to read, to fetch or to list offsets that is accepted is within the ranges that
// log.proto names, and names no partition twice.

#include <set>
#include <string>

#include "leat/v1/log.pb.h"
#include "server/rpc/validate.h"
#include "storage/record/error.h"
#include "tests/fuzz/fuzz.h"

namespace leat::rpc {
namespace {

constexpr uint32_t kMaxBytes = 3 << 20;

void CheckPosition(const v1::Position& position) {
  LEAT_CHECK(position.position_case() != v1::Position::POSITION_NOT_SET);
  LEAT_CHECK(position.offset() >= 0);
  LEAT_CHECK(position.last_records() <= uint64_t{INT64_MAX});
}

template <typename Partitions>
void CheckDistinct(const Partitions& partitions) {
  std::set<uint32_t> numbers;
  for (const auto& partition : partitions) LEAT_CHECK(numbers.insert(partition.partition()).second);
}

void CheckRanges(const v1::ReadRequest& request) {
  LEAT_CHECK(IsTopicName(request.topic()));
  CheckDistinct(request.partitions());
  if (request.has_start()) CheckPosition(request.start());
  if (request.has_end()) CheckPosition(request.end());
  for (const v1::PartitionRead& partition : request.partitions()) {
    if (partition.has_start()) CheckPosition(partition.start());
    if (partition.has_end()) CheckPosition(partition.end());
  }
  const uint32_t chunk = request.max_chunk_bytes();
  LEAT_CHECK(chunk == 0 || (chunk >= 1 << 10 && chunk <= kMaxBytes));
  const uint32_t heartbeat = request.heartbeat_interval_ms();
  LEAT_CHECK(heartbeat == 0 || (heartbeat >= 100 && heartbeat <= 600'000));
}

void CheckRanges(const v1::FetchRequest& request) {
  LEAT_CHECK(IsTopicName(request.topic()));
  LEAT_CHECK(!request.partitions().empty());
  CheckDistinct(request.partitions());
  for (const auto& partition : request.partitions()) LEAT_CHECK(partition.offset() >= 0);
  LEAT_CHECK(request.max_bytes() <= kMaxBytes);
  LEAT_CHECK(request.max_wait_ms() <= 300'000);
}

void CheckRanges(const v1::ListOffsetsRequest& request) {
  LEAT_CHECK(IsTopicName(request.topic()));
  LEAT_CHECK(request.queries_size() <= 1'024);
  for (const v1::OffsetQuery& query : request.queries()) {
    if (query.has_position()) CheckPosition(query.position());
  }
}

template <typename Request>
void CheckRequest(std::string_view bytes) {
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  if (const absl::Status known = RefuseUnknownFields(request); !known.ok()) {
    LEAT_CHECK(record::ReasonOf(known) == record::Reason::kUnknownField);
    return;
  }
  const absl::Status valid = Validate(request);
  if (valid.ok()) return CheckRanges(request);
  LEAT_CHECK(record::ReasonOf(valid) == record::Reason::kInvalidField);
  LEAT_CHECK(!record::MetadataOf(valid).empty());
}

}  // namespace
}  // namespace leat::rpc

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::fuzz::FuzzInput input(data, size);
  const int kind = input.Take<uint8_t>() % 3;
  const std::string_view bytes = input.TakeRest();
  if (kind == 0) leat::rpc::CheckRequest<leat::v1::ReadRequest>(bytes);
  if (kind == 1) leat::rpc::CheckRequest<leat::v1::FetchRequest>(bytes);
  if (kind == 2) leat::rpc::CheckRequest<leat::v1::ListOffsetsRequest>(bytes);
  return 0;
}
