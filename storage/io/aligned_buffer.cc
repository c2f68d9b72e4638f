#include "storage/io/aligned_buffer.h"

#include <new>

namespace leat::io {

AlignedBuffer::AlignedBuffer(size_t bytes) : size_(RoundUpToBlock(bytes)) {
  if (size_ > 0) {
    data_.reset(static_cast<char*>(::operator new (size_, std::align_val_t{kBlockBytes})));
  }
}

void AlignedBuffer::Free::operator()(char* data) const {
  ::operator delete (data, std::align_val_t{kBlockBytes});
}

}  // namespace leat::io
