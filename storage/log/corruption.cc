#include "storage/log/corruption.h"

#include <string>

#include "fmt/core.h"
#include "storage/record/error.h"

namespace leat::log {

absl::Status CorruptionError(std::string_view path, io::FilePosition position,
                             std::string_view what) {
  return record::MakeError(
      record::Reason::kLogCorrupt, fmt::format("{} at byte {}: {}", path, position.bytes, what),
      {{"file", std::string(path)}, {"position", std::to_string(position.bytes)}});
}

bool IsDamage(const absl::Status& status) {
  return absl::IsUnimplemented(status) || record::ReasonOf(status) == record::Reason::kLogCorrupt;
}

}  // namespace leat::log
