// Lines from a file descriptor: "\n" ends a line, the last one may lack its end; any other byte,
// "\r" too, belongs to the line. Memory is bounded by the longest line allowed. One thread.

#ifndef LEAT_CLI_LINE_READER_H_
#define LEAT_CLI_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace leat::cli {

class LineReader {
 public:
  // Reads from `descriptor` until its end, or until `stop_descriptor` (-1: none) becomes readable,
  // which ends the input too, after the last line that is whole.
  LineReader(int descriptor, int stop_descriptor, size_t max_line_bytes)
      : descriptor_(descriptor),
        stop_descriptor_(stop_descriptor),
        max_line_bytes_(max_line_bytes) {}

  // The next line, without its end; it lives until the next call. nullopt at the end of the input.
  // OUT_OF_RANGE for a line that is too long, naming its number; errors of reading as they are.
  // Neither can be passed over.
  absl::StatusOr<std::optional<std::string_view>> Next();

  // Number of the line that was returned last, from 1.
  uint64_t line_number() const { return line_number_; }
  // Bytes read so far.
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  // Reads more into the buffer. False at the end.
  absl::StatusOr<bool> Fill();
  std::string_view TakeLine(size_t size, size_t end_bytes);

  const int descriptor_;
  const int stop_descriptor_;
  const size_t max_line_bytes_;
  std::string buffer_;
  size_t begin_ = 0;    // Of what was not returned yet.
  size_t scanned_ = 0;  // Up to here there is no newline.
  bool stopped_ = false;
  uint64_t line_number_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace leat::cli

#endif  // LEAT_CLI_LINE_READER_H_
