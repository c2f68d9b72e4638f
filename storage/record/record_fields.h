// Field numbers of `leat.v1.RecordSet` and of the messages in it (proto/leat/v1/record.proto), as
// tags on the wire.

#ifndef LEAT_STORAGE_RECORD_RECORD_FIELDS_H_
#define LEAT_STORAGE_RECORD_RECORD_FIELDS_H_

#include "storage/record/wire.h"

namespace leat::record {

inline constexpr WireTag kSetRecords = MakeTag(1, WireType::kBytes);
inline constexpr WireTag kSetOffsetDeltas = MakeTag(2, WireType::kBytes);  // Packed.

inline constexpr WireTag kRecordKey = MakeTag(1, WireType::kBytes);
inline constexpr WireTag kRecordValue = MakeTag(2, WireType::kBytes);
inline constexpr WireTag kRecordHeaders = MakeTag(3, WireType::kBytes);
inline constexpr WireTag kRecordTimestampDelta = MakeTag(4, WireType::kVarint);

inline constexpr WireTag kHeaderName = MakeTag(1, WireType::kBytes);
inline constexpr WireTag kHeaderValue = MakeTag(2, WireType::kBytes);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_RECORD_FIELDS_H_
