// Lines of input as records. Pure.

#ifndef LEAT_CLI_INPUT_RECORD_H_
#define LEAT_CLI_INPUT_RECORD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "client/record.h"

namespace re2 {
class RE2;
}

namespace leat::cli {

// A record that owns its bytes.
struct InputRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  std::optional<int64_t> timestamp_ms;
  std::optional<uint32_t> partition;

  // Points into this record.
  client::OutgoingRecord View() const;

  friend bool operator==(const InputRecord&, const InputRecord&) = default;
};

// One line of `-f jsonl`: an object with `key`, `value`, `headers`, `timestamp_ms`, `partition`, as
// `consume -f jsonl` writes it. All may be missing; `topic`, `offset` and `append_timestamp_ms` are
// allowed and ignored. INVALID_ARGUMENT for anything else.
absl::StatusOr<InputRecord> ParseJsonRecord(std::string_view line);

// How lines of text become records: the line is the value, the key is one for all, or found in the
// line.
class LineParser {
 public:
  struct Options {
    std::optional<std::string> key;
    // What stands between key and value: the line is cut at the first one.
    std::optional<std::string> key_separator;
    // Matches the key in the line, which stays whole: the first group, or the whole match where
    // there is none.
    std::optional<std::string> key_regex;
    // Matches the record's message id, likewise.
    std::optional<std::string> id_regex;
    // An empty value is null.
    bool empty_is_null = false;
  };

  // INVALID_ARGUMENT for an expression that cannot be read, an empty separator, or several ways to
  // find the key.
  static absl::StatusOr<LineParser> Create(Options options);

  LineParser(LineParser&&) noexcept;
  ~LineParser();

  // INVALID_ARGUMENT when the key or the id is not found.
  absl::StatusOr<InputRecord> Parse(std::string_view line) const;

 private:
  explicit LineParser(Options options);

  absl::StatusOr<InputRecord> Split(std::string_view line) const;

  Options options_;
  std::unique_ptr<re2::RE2> key_regex_;
  std::unique_ptr<re2::RE2> id_regex_;
};

// "name=value", or "name" with a null value: the `-H` flag. INVALID_ARGUMENT when the name is
// empty.
absl::StatusOr<std::pair<std::string, std::optional<std::string>>> ParseHeader(
    std::string_view text);

}  // namespace leat::cli

#endif  // LEAT_CLI_INPUT_RECORD_H_
