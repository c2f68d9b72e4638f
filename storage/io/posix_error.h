// The one place that turns errno into a status, by the table in file_system.h.
//
// Private to storage/io. Any thread.

#ifndef LEAT_STORAGE_IO_POSIX_ERROR_H_
#define LEAT_STORAGE_IO_POSIX_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace leat::io {

// `error` is a positive errno. The message reads "<operation> <path>: ENOSPC (No space left on
// device)".
absl::Status PosixError(int error, absl::string_view operation, absl::string_view path);

// A read that met the end of the file.
absl::Status PastTheEnd(absl::string_view path);

// Whether the call that failed with `error` should simply be made again.
bool IsTransient(int error);

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_POSIX_ERROR_H_
