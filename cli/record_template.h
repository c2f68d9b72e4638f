// The %-strings of `-f`: see record_format.h. Pure.

#ifndef LEAT_CLI_RECORD_TEMPLATE_H_
#define LEAT_CLI_RECORD_TEMPLATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/record_format.h"

namespace leat::cli {

class RecordTemplate {
 public:
  // INVALID_ARGUMENT naming the letter or escape that is not known.
  static absl::StatusOr<RecordTemplate> Parse(std::string_view text);

  // `headers` is what stands for %h.
  void Append(const FormattedRecord& formatted, std::string_view headers, std::string* out) const;

 private:
  struct Part {
    std::string literal;  // Stands before the field.
    char field = 0;       // 0 after the last literal.
  };

  std::vector<Part> parts_;
};

}  // namespace leat::cli

#endif  // LEAT_CLI_RECORD_TEMPLATE_H_
