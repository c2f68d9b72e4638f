// Names for places in a log. Ranges are half-open throughout.
//
//   log start offset   first offset that can be read
//   high watermark     first offset that consumers may not read yet: everything before it is
//   durable log end offset     the offset that the next record gets
//
// log start <= high watermark <= log end, always.

#ifndef LEAT_STORAGE_RECORD_IDS_H_
#define LEAT_STORAGE_RECORD_IDS_H_

#include <compare>
#include <cstdint>

namespace leat::record {

// Number of a record in its partition, from 0. Not to be confused with a place in a file
// (`io::FilePosition`).
struct Offset {
  int64_t value = 0;

  friend auto operator<=>(Offset, Offset) = default;
  friend Offset operator+(Offset offset, int64_t records) { return {offset.value + records}; }
  friend int64_t operator-(Offset a, Offset b) { return a.value - b.value; }
};

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_IDS_H_
