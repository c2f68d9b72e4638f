// A batch header that is accepted encodes to the bytes it was read from, and its offsets do not
// overflow; any other is refused as damaged or unknown.

#include <array>
#include <string>

#include "storage/record/batch.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"

namespace leat::record {
namespace {

void CheckHeader(std::string_view bytes) {
  const absl::StatusOr<BatchHeader> header = DecodeBatchHeader(bytes);
  if (!header.ok()) {
    LEAT_CHECK(absl::IsDataLoss(header.status()) || absl::IsUnimplemented(header.status()));
    return;
  }
  std::array<char, BatchHeader::kEncodedBytes> again;
  EncodeBatchHeader(*header, again.data());
  LEAT_CHECK(std::string_view(again.data(), again.size()) == bytes.substr(0, again.size()));
  LEAT_CHECK(header->next_offset() > header->base_offset);
}

}  // namespace
}  // namespace leat::record

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  leat::record::CheckHeader({reinterpret_cast<const char*>(data), size});
  leat::fuzz::RepairBatchHeader(bytes);
  leat::record::CheckHeader(bytes);
  return 0;
}
