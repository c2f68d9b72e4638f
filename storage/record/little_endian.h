// Integers as they lie in our files: little endian, at any address, whatever the machine.

#ifndef LEAT_STORAGE_RECORD_LITTLE_ENDIAN_H_
#define LEAT_STORAGE_RECORD_LITTLE_ENDIAN_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace leat::record {

// Written out for each byte, and not as loops: compilers make one move of each.

// Writes the `sizeof(T)` bytes of `value` to `out`.
template <std::integral T>
void StoreLittleEndian(T value, char* out) {
  const uint64_t bits = static_cast<std::make_unsigned_t<T>>(value);
  [bits, out]<size_t... kByte>(std::index_sequence<kByte...>) {
    ((out[kByte] = static_cast<char>(bits >> (8 * kByte))), ...);
  }(std::make_index_sequence<sizeof(T)>());
}

// Reads `sizeof(T)` bytes from `in`.
template <std::integral T>
T LoadLittleEndian(const char* in) {
  return [in]<size_t... kByte>(std::index_sequence<kByte...>) {
    return static_cast<T>(((uint64_t{static_cast<uint8_t>(in[kByte])} << (8 * kByte)) | ...));
  }(std::make_index_sequence<sizeof(T)>());
}

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_LITTLE_ENDIAN_H_
