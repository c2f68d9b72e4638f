// The rule of direct I/O, checked alike by every implementation, since kernels differ in what they
// let through.
//
// Private to storage/io. Any thread.

#ifndef LEAT_STORAGE_IO_ALIGNMENT_H_
#define LEAT_STORAGE_IO_ALIGNMENT_H_

#include <cstddef>

#include "absl/status/status.h"
#include "storage/io/file_system.h"

namespace leat::io {

// INVALID_ARGUMENT when `file` is direct and `position`, `data` or `length` is not a multiple of
// `kBlockBytes`.
absl::Status CheckAlignment(const File& file, FilePosition position, const void* data,
                            size_t length);

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_ALIGNMENT_H_
