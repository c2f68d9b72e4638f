// Decompressing gives exactly as many bytes as were told, or refuses; it never sets aside more than
// that and the codec's own buffers (the memory limit of the run), and what it gave survives
// compressing.

#include <string>

#include "storage/record/compression.h"
#include "storage/record/error.h"
#include "tests/fuzz/fuzz.h"

// A codec, the size that the sender claims, and the payload.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::record;            // NOLINT: the only thing spoken of here
  constexpr uint32_t kMaxClaim = 8 << 20;  // As four times the limit of a batch.
  leat::fuzz::FuzzInput input(data, size);
  const auto codec = static_cast<Codec>(input.Take<uint8_t>() % 4);
  const uint32_t claim = input.Take<uint32_t>() % (kMaxClaim + 1);
  const absl::StatusOr<std::string> content = Decompress(codec, input.TakeRest(), claim);
  if (!content.ok()) {
    LEAT_CHECK(ReasonOf(content.status()) == Reason::kInvalidRecords);
    return 0;
  }
  LEAT_CHECK(content->size() == claim);
  const absl::StatusOr<std::string> compressed = Compress(codec, *content);
  LEAT_CHECK(compressed.ok());
  const absl::StatusOr<std::string> again = Decompress(codec, *compressed, claim);
  LEAT_CHECK(again.ok() && *again == *content);
  return 0;
}
