// The message ids of a set are those that the protobuf library reads; what is left when records are
// left out are the others, byte for byte. The first byte says which are left out.

#include <string>
#include <vector>

#include "leat/v1/record.pb.h"
#include "storage/record/message_ids.h"
#include "tests/fuzz/fuzz.h"

namespace leat::record {
namespace {

std::vector<std::string> IdsOf(const v1::Record& record) {
  std::vector<std::string> ids;
  for (const v1::Header& header : record.headers()) {
    if (header.name() == kMessageIdHeader) ids.push_back(header.value());
  }
  return ids;
}

void CheckRest(const std::string& set, const v1::RecordSet& library,
               const IdentifiedRecords& records, uint8_t mask) {
  std::vector<bool> left_out;
  v1::RecordSet expected;
  for (size_t i = 0; i < records.size(); ++i) {
    left_out.push_back((mask >> i % 8 & 1) != 0);
    if (!left_out[i]) *expected.add_records() = library.records(static_cast<int>(i));
  }
  if (expected.records().empty()) return;
  const Batch rest = LeaveOut({.payload = absl::Cord(set)}, records, left_out);
  v1::RecordSet read;
  LEAT_CHECK(read.ParseFromString(std::string(rest.payload)));
  LEAT_CHECK(read.SerializeAsString() == expected.SerializeAsString());
  LEAT_CHECK(rest.header.record_count == static_cast<uint32_t>(expected.records_size()));
  LEAT_CHECK(rest.header.payload_crc32c == Crc32c(rest.payload));
}

void CheckSet(const std::string& set, uint8_t mask) {
  if (!CheckRecordSet(set, {}).ok()) return;
  v1::RecordSet library;
  LEAT_CHECK(library.ParseFromString(set));
  bool sound = true;
  bool any = false;
  for (const v1::Record& record : library.records()) {
    const std::vector<std::string> ids = IdsOf(record);
    sound &= ids.empty() || (ids.size() == 1 && !ids[0].empty());
    any |= !ids.empty();
  }
  const absl::StatusOr<IdentifiedRecords> records = IdentifyRecords(set);
  LEAT_CHECK(records.ok() == sound);
  if (!sound) return;
  LEAT_CHECK(records->size() == (any ? static_cast<size_t>(library.records_size()) : 0));
  for (size_t i = 0; i < records->size(); ++i) {
    const std::vector<std::string> ids = IdsOf(library.records(static_cast<int>(i)));
    LEAT_CHECK((*records)[i].id.has_value() == !ids.empty());
    if (!ids.empty()) LEAT_CHECK((*records)[i].id == Fingerprint::Of(ids[0]));
  }
  CheckRest(set, library, *records, mask);
}

}  // namespace
}  // namespace leat::record

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  leat::record::CheckSet(std::string(reinterpret_cast<const char*>(data) + 1, size - 1), data[0]);
  return 0;
}
