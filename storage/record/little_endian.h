// Integers as they lie in our files: little endian, at any address, whatever the machine.

#ifndef LEAT_STORAGE_RECORD_LITTLE_ENDIAN_H_
#define LEAT_STORAGE_RECORD_LITTLE_ENDIAN_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace leat::record {

// Writes the `sizeof(T)` bytes of `value` to `out`.
template <std::integral T>
void StoreLittleEndian(T value, char* out) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<char>(uint64_t{bits} >> (8 * i));
}

// Reads `sizeof(T)` bytes from `in`.
template <std::integral T>
T LoadLittleEndian(const char* in) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) bits |= uint64_t{static_cast<uint8_t>(in[i])} << (8 * i);
  return static_cast<T>(bits);
}

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_LITTLE_ENDIAN_H_
