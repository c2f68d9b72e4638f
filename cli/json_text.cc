#include "cli/json_text.h"

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "storage/record/utf8.h"

namespace leat::cli {
namespace {

bool MustEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscape(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!MustEscape(text[i])) continue;
    out->append(text.substr(plain, i - plain));
    AppendEscape(text[i], out);
    plain = i + 1;
  }
  out->append(text.substr(plain));
  out->push_back('"');
}

void AppendJsonBytes(std::optional<std::string_view> bytes, std::string* out) {
  if (!bytes.has_value()) {
    out->append("null");
  } else if (record::IsValidUtf8(*bytes)) {
    AppendJsonString(*bytes, out);
  } else {
    const absl::string_view view(bytes->data(), bytes->size());
    fmt::format_to(std::back_inserter(*out), R"({{"base64":"{}"}})", absl::Base64Escape(view));
  }
}

}  // namespace leat::cli
