#include "cli/record_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "fmt/format.h"

namespace leat::cli {
namespace {

// What no topic allows more of. JSON may write each byte as six.
constexpr size_t kMaxRawLineBytes = 3 << 20;
constexpr size_t kMaxJsonLineBytes = 6 * kMaxRawLineBytes;

}  // namespace

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  const int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, "cannot open " + path);
  return InputFile(descriptor);
}

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, STDIN_FILENO)) {}

InputFile::~InputFile() {
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

uint64_t InputFile::size() const {
  struct stat info = {};
  return fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode)
             ? static_cast<uint64_t>(info.st_size)
             : 0;
}

absl::StatusOr<RecordSource> RecordSource::Create(const ProduceFlags& flags) {
  if (flags.format != "raw" && flags.format != "jsonl") {
    return absl::InvalidArgumentError(
        fmt::format("input format '{}' must be raw or jsonl", flags.format));
  }
  if (flags.format == "jsonl" && flags.line.id_regex.has_value()) {
    return absl::InvalidArgumentError("with -f jsonl a message id is a header of each line");
  }
  absl::StatusOr<LineParser> parser = LineParser::Create(flags.line);
  if (!parser.ok()) return std::move(parser).status();
  RecordSource source(flags, *std::move(parser));
  for (const std::string& header : flags.headers) {
    auto parsed = ParseHeader(header);
    if (!parsed.ok()) return std::move(parsed).status();
    source.headers_.push_back(*std::move(parsed));
  }
  return source;
}

size_t RecordSource::max_line_bytes() const {
  return is_json_ ? kMaxJsonLineBytes : kMaxRawLineBytes;
}

absl::StatusOr<InputRecord> RecordSource::Parse(std::string_view line) const {
  absl::StatusOr<InputRecord> record = is_json_ ? ParseJsonRecord(line) : parser_.Parse(line);
  if (!record.ok()) return record;
  if (is_json_ && flags_.line.key.has_value()) record->key = flags_.line.key;
  record->headers.insert(record->headers.end(), headers_.begin(), headers_.end());
  if (!flags_.keep_partition) record->partition.reset();
  if (flags_.partition.has_value()) record->partition = flags_.partition;
  return record;
}

}  // namespace leat::cli
