// A snapshot of producers that is accepted encodes to the bytes it was read from; any other is
// refused as damaged or unknown.

#include <string>

#include "storage/log/producer_snapshot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

void CheckSnapshot(std::string_view bytes) {
  const absl::StatusOr<ProducerSnapshot> snapshot = DecodeProducerSnapshot(LogKey(), bytes);
  if (snapshot.ok()) {
    LEAT_CHECK(EncodeProducerSnapshot(LogKey(), snapshot->place, snapshot->table, snapshot->ids) ==
               bytes);
  } else {
    LEAT_CHECK(absl::IsDataLoss(snapshot.status()) || absl::IsUnimplemented(snapshot.status()));
  }
}

}  // namespace
}  // namespace leat::log

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  leat::log::CheckSnapshot(bytes);
  leat::fuzz::RepairEnvelope(bytes, bytes.size());
  leat::log::CheckSnapshot(bytes);
  return 0;
}
