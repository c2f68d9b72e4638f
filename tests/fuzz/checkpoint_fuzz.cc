// A checkpoint that is accepted encodes to the bytes it was read from; any other is refused as
// damaged or unknown.

#include <string>

#include "storage/log/checkpoint.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"

namespace leat::log {
namespace {

void CheckCheckpoint(std::string_view bytes) {
  const absl::StatusOr<Checkpoint> checkpoint = DecodeCheckpoint(bytes);
  if (checkpoint.ok()) {
    LEAT_CHECK(EncodeCheckpoint(*checkpoint) == bytes);
  } else {
    LEAT_CHECK(absl::IsDataLoss(checkpoint.status()) || absl::IsUnimplemented(checkpoint.status()));
  }
}

}  // namespace
}  // namespace leat::log

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  leat::log::CheckCheckpoint({reinterpret_cast<const char*>(data), size});
  leat::fuzz::RepairEnvelope(bytes, bytes.size());
  leat::log::CheckCheckpoint(bytes);
  return 0;
}
