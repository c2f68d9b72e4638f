#include "client/read_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

void SetPosition(Position position, v1::Position* out) {
  switch (position.kind) {
    case Position::Kind::kTimestamp:
      out->set_timestamp_ms(position.value);
      return;
    default:
      // All others are counted from the ends of the log, which each answer tells.
      out->mutable_latest();
  }
}

int64_t OffsetOf(Position position, const v1::OffsetAnswer& answer) {
  switch (position.kind) {
    case Position::Kind::kEarliest:
      return answer.log_start_offset();
    case Position::Kind::kLatest:
      return answer.high_watermark();
    case Position::Kind::kOffset:
      return position.value;
    case Position::Kind::kAfterStart:
      return answer.log_start_offset() + position.value;
    case Position::Kind::kBeforeLatest:
      return std::max(answer.log_start_offset(), answer.high_watermark() - position.value);
    case Position::Kind::kTimestamp:
      return answer.offset();
  }
  return answer.offset();
}

// An offset that was named must be readable, also where a bounded read has nothing to read.
absl::Status CheckStart(Position start, const v1::OffsetAnswer& answer) {
  if (start.kind != Position::Kind::kOffset) return absl::OkStatus();
  if (start.value >= answer.log_start_offset() && start.value <= answer.high_watermark()) {
    return absl::OkStatus();
  }
  return record::MakeError(
      record::Reason::kOffsetOutOfRange,
      absl::StrCat("offset ", start.value, " of partition ", answer.partition(), " cannot be read"),
      {{"logStartOffset", absl::StrCat(answer.log_start_offset())},
       {"highWatermark", absl::StrCat(answer.high_watermark())}});
}

absl::StatusOr<v1::ListOffsetsResponse> Ask(const Admin& admin, v1::ListOffsetsRequest request,
                                            const std::vector<uint32_t>& partitions,
                                            Position position) {
  request.clear_queries();
  for (uint32_t partition : partitions) {
    v1::OffsetQuery* query = request.add_queries();
    query->set_partition(partition);
    SetPosition(position, query->mutable_position());
  }
  return admin.ListOffsets(request);
}

}  // namespace

absl::StatusOr<ReadPlan> PlanRead(const Admin& admin, std::string_view topic,
                                  const std::vector<uint32_t>& partitions, Position start,
                                  std::optional<Position> end) {
  v1::ListOffsetsRequest request;
  request.set_topic(std::string(topic));
  std::vector<uint32_t> asked = partitions;
  if (asked.empty()) {
    const auto all = admin.ListOffsets(request);
    if (!all.ok()) return all.status();
    for (const v1::OffsetAnswer& answer : all->answers()) asked.push_back(answer.partition());
    request.set_topic_id(all->topic_id());
  }
  const auto starts = Ask(admin, request, asked, start);
  if (!starts.ok()) return starts.status();
  request.set_topic_id(starts->topic_id());
  ReadPlan plan{.topic_id = starts->topic_id(),
                .partitions = {},
                .exact_start = start.kind == Position::Kind::kOffset};
  for (const v1::OffsetAnswer& answer : starts->answers()) {
    if (absl::Status status = CheckStart(start, answer); !status.ok()) return status;
    plan.partitions.push_back({.partition = answer.partition(),
                               .next_offset = OffsetOf(start, answer),
                               .end_offset = std::nullopt,
                               .high_watermark = answer.high_watermark()});
  }
  if (!end.has_value()) return plan;

  const auto ends = Ask(admin, request, asked, *end);
  if (!ends.ok()) return ends.status();
  for (int i = 0; i < ends->answers_size() && i < starts->answers_size(); ++i) {
    plan.partitions[i].end_offset = OffsetOf(*end, ends->answers(i));
  }
  return plan;
}

}  // namespace leat::client
