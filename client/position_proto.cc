#include "client/position_proto.h"

namespace leat::client {

absl::StatusOr<v1::Position> ToProto(Position position) {
  v1::Position out;
  switch (position.kind) {
    case Position::Kind::kEarliest:
      out.mutable_earliest();
      return out;
    case Position::Kind::kLatest:
      out.mutable_latest();
      return out;
    case Position::Kind::kOffset:
      out.set_offset(position.value);
      return out;
    case Position::Kind::kTimestamp:
      out.set_timestamp_ms(position.value);
      return out;
    case Position::Kind::kBeforeLatest:
      out.set_last_records(static_cast<uint64_t>(position.value));
      return out;
    case Position::Kind::kAfterStart:
      break;
  }
  return absl::InvalidArgumentError("so many records after the start is no place for a group");
}

}  // namespace leat::client
