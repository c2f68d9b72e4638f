// The error for bytes on disk that are not what they must be: `record::Reason::kLogCorrupt`, naming
// file and position. Any thread.

#ifndef LEAT_STORAGE_LOG_CORRUPTION_H_
#define LEAT_STORAGE_LOG_CORRUPTION_H_

#include <string_view>

#include "absl/status/status.h"
#include "storage/io/file_system.h"

namespace leat::log {

// DATA_LOSS with metadata `file` and `position`. `what` says what is wrong there.
absl::Status CorruptionError(std::string_view path, io::FilePosition position,
                             std::string_view what);

// Whether `status` says that what was read is damaged, or of an unknown version; false when it
// could not be read.
bool IsDamage(const absl::Status& status);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_CORRUPTION_H_
