// A segment header that is accepted encodes to the bytes it was read from; any other is refused as
// damaged or unknown.

#include <array>
#include <string>

#include "storage/log/format.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"

namespace leat::log {
namespace {

void CheckHeader(std::string_view bytes) {
  const absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(bytes);
  if (!header.ok()) {
    LEAT_CHECK(absl::IsDataLoss(header.status()) || absl::IsUnimplemented(header.status()));
    return;
  }
  std::array<char, SegmentHeader::kEncodedBytes> again;
  EncodeSegmentHeader(*header, again.data());
  LEAT_CHECK(std::string_view(again.data(), again.size()) == bytes.substr(0, again.size()));
}

}  // namespace
}  // namespace leat::log

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  leat::log::CheckHeader({reinterpret_cast<const char*>(data), size});
  leat::fuzz::RepairEnvelope(bytes, leat::log::SegmentHeader::kEncodedBytes);
  leat::log::CheckHeader(bytes);
  return 0;
}
