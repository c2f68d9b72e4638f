// A frame that passes every check is built again, byte for byte, from its batches; the weaker
// checks accept it too, and tell the same.

#include <string>

#include "storage/log/frame.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"

namespace leat::log {
namespace {

void CheckSame(const FrameHeader& a, const FrameHeader& b) {
  LEAT_CHECK(a.frame_bytes == b.frame_bytes && a.padded_bytes == b.padded_bytes);
  LEAT_CHECK(a.batch_count == b.batch_count && a.segment_id == b.segment_id);
  LEAT_CHECK(a.incarnation == b.incarnation && a.previous_crc == b.previous_crc);
  LEAT_CHECK(a.first_offset == b.first_offset && a.stable_offset == b.stable_offset);
  LEAT_CHECK(a.crc == b.crc);
}

// A refusal is of one of the kinds that are told apart.
void CheckRefusal(const absl::Status& status) {
  LEAT_CHECK(absl::IsDataLoss(status) || absl::IsUnimplemented(status) ||
             absl::IsOutOfRange(status));
}

void CheckFrame(std::string_view bytes) {
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader(bytes);
  const absl::StatusOr<FrameHeader> headers = ParseFrameHeaders(bytes);
  const absl::StatusOr<ParsedFrame> skipped = ParseFrame(bytes, nullptr, PayloadCheck::kSkip);
  const absl::StatusOr<ParsedFrame> frame = ParseFrame(bytes, nullptr, PayloadCheck::kVerify);
  if (!headers.ok()) CheckRefusal(headers.status());
  if (!frame.ok()) return CheckRefusal(frame.status());

  LEAT_CHECK(header.ok() && headers.ok() && skipped.ok());
  LEAT_CHECK(PeekFrameSegmentId(bytes) == header->segment_id);
  CheckSame(*header, *headers);
  CheckSame(*headers, skipped->header);
  CheckSame(skipped->header, frame->header);
  LEAT_CHECK(skipped->batches.size() == frame->batches.size());
  LEAT_CHECK(frame->next_offset() >= frame->header.first_offset);

  const BuiltFrame again = BuildFrame(frame->header, frame->batches);
  CheckSame(again.header, frame->header);
  LEAT_CHECK(std::string_view(again.bytes->data(), again.bytes->size()) ==
             bytes.substr(0, frame->header.padded_bytes));
}

}  // namespace
}  // namespace leat::log

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::log::CheckFrame({reinterpret_cast<const char*>(data), size});
  // Inputs stay short: what lies behind them, the padding among it, are zeros.
  std::string bytes(reinterpret_cast<const char*>(data), size);
  bytes.resize(leat::io::RoundUpToBlock(std::max<size_t>(size, 1)), '\0');
  leat::fuzz::RepairFrame(bytes);
  leat::log::CheckFrame(bytes);
  return 0;
}
