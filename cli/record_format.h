// Records as output: the `-f` flag of consume and tail. Pure.
//
//   raw             the value and a newline
//   jsonl           an object a line; `produce -f jsonl` takes it back without loss
//   json            one list of the same objects
//   csv             RFC 4180, with a header line; null is an unquoted nothing, bytes that are not
//   text are "base64:..." table, wide     a line for people: time, place, key, value; wide adds the
//   headers a %-string      %t topic  %p partition  %o offset  %k key  %v value  %h headers  %d
//   timestamp in ms  %D the same as text
//                   %K %V lengths of key and value in bytes, -1 for null  %% a percent sign;  \n \t
//                   \r \0 \\ \xHH

#ifndef LEAT_CLI_RECORD_FORMAT_H_
#define LEAT_CLI_RECORD_FORMAT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/read_message.h"

namespace leat::cli {

struct FormattedRecord {
  std::string_view topic;
  uint32_t partition = 0;
  const client::ReadRecord& record;
};

class RecordFormat {
 public:
  virtual ~RecordFormat() = default;

  // What stands before the first record.
  virtual void Begin(std::string* out) { static_cast<void>(out); }
  virtual void Append(const FormattedRecord& record, std::string* out) = 0;
  // What stands after the last record.
  virtual void End(std::string* out) { static_cast<void>(out); }
};

enum class Colour : bool { kNo, kYes };

// INVALID_ARGUMENT for an unknown name or %-letter. `colour` is of meaning for table and wide.
absl::StatusOr<std::unique_ptr<RecordFormat>> ParseRecordFormat(std::string_view name,
                                                                Colour colour);

}  // namespace leat::cli

#endif  // LEAT_CLI_RECORD_FORMAT_H_
