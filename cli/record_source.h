// The input of `leat produce`: where its lines come from, and how they become records. Main thread.

#ifndef LEAT_CLI_RECORD_SOURCE_H_
#define LEAT_CLI_RECORD_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/input_record.h"
#include "cli/produce_job.h"

namespace leat::cli {

// A file descriptor that closes itself, unless it is standard input.
class InputFile {
 public:
  // "-" is standard input. Errors of the system, naming the file.
  static absl::StatusOr<InputFile> Open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  ~InputFile();

  int descriptor() const { return descriptor_; }
  // 0 when it is not known.
  uint64_t size() const;

 private:
  explicit InputFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Lines of one format, as records with what the flags add.
class RecordSource {
 public:
  // `flags` outlive it. INVALID_ARGUMENT for flags that make no sense.
  static absl::StatusOr<RecordSource> Create(const ProduceFlags& flags);

  size_t max_line_bytes() const;

  // INVALID_ARGUMENT for a line that is no record.
  absl::StatusOr<InputRecord> Parse(std::string_view line) const;

 private:
  RecordSource(const ProduceFlags& flags, LineParser parser)
      : flags_(flags), is_json_(flags.format == "jsonl"), parser_(std::move(parser)) {}

  const ProduceFlags& flags_;
  const bool is_json_;
  LineParser parser_;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers_;
};

}  // namespace leat::cli

#endif  // LEAT_CLI_RECORD_SOURCE_H_
