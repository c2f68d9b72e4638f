// What fuzz targets are made of.
//
// A target is one source file with `LLVMFuzzerTestOneInput`, whose first line says what must hold
// for every input; it stops the process (`LEAT_CHECK`) where that does not. Under `--config=asan`
// libFuzzer drives it, in every other build `corpus_main.cc`. As a test it runs once on each file
// of its corpus.

#ifndef LEAT_TESTS_FUZZ_FUZZ_H_
#define LEAT_TESTS_FUZZ_FUZZ_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "absl/strings/cord.h"
#include "storage/io/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace leat::fuzz {

// The input, taken apart from its front. Where it ends, zeros follow.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool done() const { return rest_.empty(); }

  // Little endian.
  template <std::integral T>
  T Take() {
    std::make_unsigned_t<T> value = 0;
    const std::string_view bytes = TakeBytes(sizeof(T));
    for (size_t i = 0; i < bytes.size(); ++i) {
      value |= static_cast<std::make_unsigned_t<T>>(
          static_cast<std::make_unsigned_t<T>>(static_cast<uint8_t>(bytes[i])) << (8 * i));
    }
    return static_cast<T>(value);
  }

  // At most so many bytes.
  std::string_view TakeBytes(size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  std::string_view TakeRest() { return TakeBytes(rest_.size()); }

 private:
  std::string_view rest_;
};

// `bytes`, which must outlive it, in pieces of `piece_bytes`, as gRPC may hand them over; in one
// piece when that is 0.
inline absl::Cord InPieces(std::string_view bytes, size_t piece_bytes) {
  absl::Cord cord;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes == 0 ? bytes.size() : piece_bytes);
    // Memory of another is neither copied nor joined.
    cord.Append(absl::MakeCordFromExternal({piece.data(), piece.size()}, [] {}));
    bytes.remove_prefix(piece.size());
  }
  return cord;
}

}  // namespace leat::fuzz

#endif  // LEAT_TESTS_FUZZ_FUZZ_H_
