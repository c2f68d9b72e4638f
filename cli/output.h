// Data on standard output, gathered into large writes. One thread at a time.

#ifndef LEAT_CLI_OUTPUT_H_
#define LEAT_CLI_OUTPUT_H_

#include <string>

#include "absl/status/status.h"

namespace leat::cli {

class Output {
 public:
  explicit Output(int descriptor) : descriptor_(descriptor) {}

  // Where to append. Call `MayFlush` after each record.
  std::string* buffer() { return &buffer_; }

  // Writes when enough has gathered. Both return the first error ever after; `IsClosed` tells the
  // harmless one.
  absl::Status MayFlush();
  absl::Status Flush();

 private:
  const int descriptor_;
  std::string buffer_;
  absl::Status status_;
};

// Whether the reader of our output has gone, as in `leat consume ... | head`: no reason to
// complain.
bool IsClosed(const absl::Status& status);

// Writes `text` to standard output.
absl::Status Print(const std::string& text);

}  // namespace leat::cli

#endif  // LEAT_CLI_OUTPUT_H_
