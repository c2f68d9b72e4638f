// For formats that list each number once, with its place: a function `ForEachField(message, visit)`
// calls `visit(place, number)` for each, and serves writing and reading. Little endian, unaligned.

#ifndef LEAT_STORAGE_RECORD_FIELDS_H_
#define LEAT_STORAGE_RECORD_FIELDS_H_

#include <cstddef>
#include <type_traits>

#include "storage/record/little_endian.h"

namespace leat::record {

// Visits numbers and writes them to `out`.
inline auto FieldStorer(char* out) {
  return [out](size_t place, const auto& field) { StoreLittleEndian(field, out + place); };
}

// Visits numbers and reads them from `data`.
inline auto FieldLoader(const char* data) {
  return [data](size_t place, auto& field) {
    field = LoadLittleEndian<std::remove_reference_t<decltype(field)>>(data + place);
  };
}

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_FIELDS_H_
