// The machine's files.
//
// Lives for ever; any thread. Stateless but for open descriptors, so every crash promise is the
// kernel's, as file_system.h states it.

#ifndef LEAT_STORAGE_IO_POSIX_FILE_SYSTEM_H_
#define LEAT_STORAGE_IO_POSIX_FILE_SYSTEM_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/io/file_system.h"

namespace leat::io {

FileSystem& PosixFileSystem();

// Blocks while it does what `EventLoop::WriteDurably` promises. `file` must come from
// `PosixFileSystem()`.
absl::Status WriteDurablyAt(File& file, FilePosition position, absl::Span<const char> data);

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_POSIX_FILE_SYSTEM_H_
