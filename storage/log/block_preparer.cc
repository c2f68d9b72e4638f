#include "storage/log/block_preparer.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/check.h"
#include "storage/log/segment_file.h"

namespace leat::log {
namespace {

// Steps are used up slower than the first and faster than the second.
constexpr absl::Duration kFastStep = absl::Seconds(1);
constexpr absl::Duration kSlowStep = absl::Seconds(10);

}  // namespace

BlockPreparer::BlockPreparer(io::EventLoop& loop) : loop_(loop) {}

void BlockPreparer::Begin(std::shared_ptr<io::File> file, io::FilePosition prepared_end) {
  LEAT_CHECK(!busy_);
  file_ = std::move(file);
  prepared_end_ = prepared_end;
}

void BlockPreparer::SetSegmentBytes(uint64_t segment_bytes) {
  segment_end_ = {io::RoundUpToBlock(segment_bytes)};
}

void BlockPreparer::Ahead(io::FilePosition frame_end, size_t frame_bytes,
                          absl::AnyInvocable<void() &&> done) {
  const uint64_t left = prepared_end_ <= frame_end ? 0 : prepared_end_ - frame_end;
  if (busy_ || !failure_.ok() || left >= step_bytes_ / 2 || prepared_end_ >= segment_end_) return;
  AdaptStep();
  Start(StepToSegmentEnd(), frame_bytes,
        [this, done = std::move(done)](const absl::Status& status) mutable {
          // A full disk matters when blocks are missing, not now.
          if (!status.ok()) step_bytes_ = kFirstStepBytes;
          std::move(done)();
        });
}

void BlockPreparer::Require(io::FilePosition frame_end, size_t frame_bytes, io::IoCallback done) {
  LEAT_CHECK(prepared_end_ < frame_end);
  if (!failure_.ok()) {
    loop_.Post([failure = failure_, done = std::move(done)]() mutable {
      std::move(done)(std::move(failure));
    });
    return;
  }
  const uint64_t needed = frame_end - prepared_end_;
  AdaptStep();
  if (StepToSegmentEnd() <= needed) return Start(needed, frame_bytes, std::move(done));
  Start(StepToSegmentEnd(), frame_bytes,
        [this, needed, frame_bytes, done = std::move(done)](absl::Status status) mutable {
          if (!absl::IsResourceExhausted(status)) return std::move(done)(std::move(status));
          step_bytes_ = kFirstStepBytes;
          Start(needed, frame_bytes, std::move(done));
        });
}

void BlockPreparer::AdaptStep() {
  const io::MonotonicTime now = loop_.clock().Monotonic();
  if (last_step_.has_value()) {
    const absl::Duration used_up_in = now - *last_step_;
    if (used_up_in < kFastStep) step_bytes_ *= 2;
    if (used_up_in > kSlowStep) step_bytes_ /= 2;
    step_bytes_ = std::clamp(step_bytes_, kFirstStepBytes, kMaxAllocatedStepBytes);
  }
  last_step_ = now;
}

uint64_t BlockPreparer::StepToSegmentEnd() const {
  if (prepared_end_ >= segment_end_) return 0;
  return std::min(step_bytes_, segment_end_ - prepared_end_);
}

void BlockPreparer::Start(uint64_t bytes, size_t frame_bytes, io::IoCallback done) {
  LEAT_CHECK(!busy_);
  busy_ = true;
  const bool large = frame_bytes >= kLargeFrameBytes;
  const Preparation preparation = large ? Preparation::kAllocate : Preparation::kAllocateAndZero;
  if (!large) bytes = std::min(bytes, kMaxZeroedStepBytes);
  bytes = io::RoundUpToBlock(bytes);
  loop_.Offload([file = file_, position = prepared_end_, bytes,
                 preparation] { return PrepareBlocks(*file, position, bytes, preparation); },
                [this, bytes, done = std::move(done)](absl::Status status) mutable {
                  busy_ = false;
                  if (status.ok()) prepared_end_ = prepared_end_ + bytes;
                  if (!status.ok() && !absl::IsResourceExhausted(status)) failure_ = status;
                  std::move(done)(std::move(status));
                });
}

}  // namespace leat::log
