// Holds the footer of a segment against its frames. Pure.

#ifndef LEAT_STORAGE_INSPECT_FOOTER_CHECK_H_
#define LEAT_STORAGE_INSPECT_FOOTER_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/io/file_system.h"
#include "storage/log/footer.h"
#include "storage/log/frame.h"
#include "storage/record/ids.h"

namespace leat::inspect {

class FooterCheck {
 public:
  // `footer` must outlive it.
  explicit FooterCheck(const log::SegmentFooter& footer) : footer_(footer) {}

  // Takes the next frame; all of them, from the first on.
  void Add(io::FilePosition position, const log::ParsedFrame& frame);

  // After the last frame: what the footer says otherwise than the frames; empty when nothing.
  std::string_view Mistake() const;

 private:
  void CheckIndex(io::FilePosition position, const log::ParsedFrame& frame);

  const log::SegmentFooter& footer_;
  size_t index_entries_ = 0;  // Those whose frames have come.
  bool index_wrong_ = false;
  record::Offset next_offset_;
  uint32_t last_frame_crc_ = 0;
  uint64_t payload_bytes_ = 0;
  int64_t first_append_timestamp_ms_ = 0;
  int64_t last_append_timestamp_ms_ = 0;
  int64_t max_timestamp_ms_ = INT64_MIN;
  bool empty_ = true;
};

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_FOOTER_CHECK_H_
