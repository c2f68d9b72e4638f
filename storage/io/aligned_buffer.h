// Memory for direct I/O: aligned to a block, a whole number of blocks long.
//
// Owned by whoever holds it; move-only; any thread. Its size is given once, by our code and never
// by a peer.

#ifndef LEAT_STORAGE_IO_ALIGNED_BUFFER_H_
#define LEAT_STORAGE_IO_ALIGNED_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/types/span.h"

namespace leat::io {

// Every position, length and address of direct I/O is a multiple of this many bytes.
inline constexpr size_t kBlockBytes = 4096;

// `bytes` rounded up to a whole number of blocks.
constexpr size_t RoundUpToBlock(size_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}
constexpr size_t RoundDownToBlock(size_t bytes) { return bytes / kBlockBytes * kBlockBytes; }

class AlignedBuffer {
 public:
  AlignedBuffer() = default;

  // `bytes` is rounded up to a whole number of blocks. The content is not initialised.
  explicit AlignedBuffer(size_t bytes);

  // What was moved from is empty.
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }
  absl::Span<char> span() { return {data(), size_}; }
  absl::Span<const char> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(char* data) const;
  };

  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_ALIGNED_BUFFER_H_
