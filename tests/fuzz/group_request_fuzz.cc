// A request about a group, or a command of a member, that is accepted is within the ranges that
// group.proto names; any other is refused with a reason.

#include <set>
#include <string>
#include <utility>

#include "leat/v1/group.pb.h"
#include "server/rpc/consume_request.h"
#include "server/rpc/validate.h"
#include "server/rpc/validate_group.h"
#include "storage/record/error.h"
#include "tests/fuzz/fuzz.h"

namespace leat::rpc {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1'000;

// Whether `status` is OK; any other is one that clients are promised.
bool IsAccepted(const absl::Status& status) {
  if (status.ok()) return true;
  const auto reason = record::ReasonOf(status);
  LEAT_CHECK(reason == record::Reason::kInvalidField || reason == record::Reason::kUnknownField);
  LEAT_CHECK(!record::MetadataOf(status).empty());
  return false;
}

void CheckPosition(const v1::Position& position) {
  LEAT_CHECK(position.position_case() != v1::Position::POSITION_NOT_SET);
  LEAT_CHECK(position.offset() >= 0);
  LEAT_CHECK(position.last_records() <= uint64_t{INT64_MAX});
}

void CheckJoin(const v1::Join& join) {
  LEAT_CHECK(IsTopicName(join.group()));
  LEAT_CHECK(join.topics_size() + join.topic_patterns_size() > 0);
  LEAT_CHECK(join.topics_size() <= 1'000 && join.topic_patterns_size() <= 100);
  LEAT_CHECK(join.instance_id().size() <= 249 && join.client_name().size() <= 249);
  if (join.has_start()) CheckPosition(join.start());
  const group::command::Join command = ToCommand(join);
  LEAT_CHECK(command.session_timeout_ms >= 1'000 && command.session_timeout_ms <= kDayMs);
  LEAT_CHECK(command.resume.has_value() == join.has_resume());
  const size_t chunk = ChunkBytesOf(join);
  LEAT_CHECK(chunk >= 1 << 10 && chunk <= 3 << 20);
  const absl::Duration processing = ProcessingTimeoutOf(join);
  LEAT_CHECK(processing >= absl::Seconds(1) && processing <= absl::Hours(24));
  const MemberCredit credit = CreditOf(join);
  LEAT_CHECK(!credit.exhausted() && credit.left().bytes <= MemberCredit::kMaxBytes);
}

template <typename Items>
void CheckCount(const Items& items, int most) {
  LEAT_CHECK(!items.empty() && items.size() <= most);
}

void CheckRanges(const v1::ConsumeRequest& request) {
  LEAT_CHECK(request.command_case() != v1::ConsumeRequest::COMMAND_NOT_SET);
  if (request.has_join()) CheckJoin(request.join());
  if (request.has_commit()) CheckCount(request.commit().positions(), 5'000);
  if (request.has_release()) CheckCount(request.release().positions(), 5'000);
  if (request.has_pause()) CheckCount(request.pause().partitions(), 5'000);
  if (request.has_resume()) CheckCount(request.resume().partitions(), 5'000);
  if (request.has_seek()) CheckCount(request.seek().targets(), 5'000);
}

void CheckRanges(const v1::CommitOffsetsRequest& request) {
  LEAT_CHECK(IsTopicName(request.group()));
  CheckCount(request.positions(), 1'024);
  LEAT_CHECK(request.metadata().size() <= 4'096);
}

void CheckRanges(const v1::SeekGroupRequest& request) {
  LEAT_CHECK(IsTopicName(request.group()));
  LEAT_CHECK(!request.targets().empty());
  std::set<std::pair<std::string, uint32_t>> named;
  for (const v1::GroupSeek& target : request.targets()) {
    if (target.has_position()) CheckPosition(target.position());
    for (const uint32_t partition : target.partitions()) {
      LEAT_CHECK(named.emplace(target.topic(), partition).second);
    }
  }
}

void CheckRanges(const v1::ListGroupsRequest& request) { LEAT_CHECK(request.page_size() <= 1'000); }

template <typename Request>
void CheckUnary(std::string_view bytes) {
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  if (!IsAccepted(RefuseUnknownFields(request)) || !IsAccepted(Validate(request))) return;
  CheckRanges(request);
}

void CheckCommandBytes(std::string_view bytes, size_t piece_bytes) {
  const absl::StatusOr<v1::ConsumeRequest> request =
      ParseConsumeRequest(fuzz::InPieces(bytes, piece_bytes));
  if (!IsAccepted(request.status()) || !IsAccepted(CheckCommand(*request))) return;
  CheckRanges(*request);
}

}  // namespace
}  // namespace leat::rpc

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::fuzz::FuzzInput input(data, size);
  const int kind = input.Take<uint8_t>() % 5;
  const size_t piece_bytes = input.Take<uint8_t>();
  const std::string_view bytes = input.TakeRest();
  if (kind <= 1) leat::rpc::CheckCommandBytes(bytes, piece_bytes);
  if (kind == 2) leat::rpc::CheckUnary<leat::v1::CommitOffsetsRequest>(bytes);
  if (kind == 3) leat::rpc::CheckUnary<leat::v1::SeekGroupRequest>(bytes);
  if (kind == 4) leat::rpc::CheckUnary<leat::v1::ListGroupsRequest>(bytes);
  return 0;
}
