// Whether bytes are text that every protobuf parser takes as a `string`. Any thread.

#ifndef LEAT_STORAGE_RECORD_UTF8_H_
#define LEAT_STORAGE_RECORD_UTF8_H_

#include <string_view>

namespace leat::record {

// Well-formed UTF-8 as in table 3-7 of the Unicode standard: no overlong forms, no surrogates,
// nothing above U+10FFFF.
bool IsValidUtf8(std::string_view bytes);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_UTF8_H_
