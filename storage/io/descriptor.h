// A file descriptor that closes itself.
//
// Private to storage/io. Move-only; owned by whoever holds it.

#ifndef LEAT_STORAGE_IO_DESCRIPTOR_H_
#define LEAT_STORAGE_IO_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace leat::io {

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  // An error of close is not looked at: what matters was synced before.
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }

  // -1 when it holds none.
  int value() const { return value_; }

 private:
  int value_;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_DESCRIPTOR_H_
