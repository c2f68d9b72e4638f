#include "cli/record_format.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "cli/json_text.h"
#include "cli/quantity.h"
#include "cli/record_template.h"
#include "fmt/format.h"
#include "storage/record/utf8.h"

namespace leat::cli {
namespace {

class RawFormat : public RecordFormat {
 public:
  void Append(const FormattedRecord& formatted, std::string* out) override {
    out->append(formatted.record.value.value_or(""));
    out->push_back('\n');
  }
};

void AppendObject(const FormattedRecord& formatted, std::string* out) {
  const client::ReadRecord& record = formatted.record;
  fmt::format_to(std::back_inserter(*out),
                 R"({{"topic":"{}","partition":{},"offset":{},"timestamp_ms":{},"key":)",
                 formatted.topic, formatted.partition, record.offset, record.timestamp_ms);
  AppendJsonBytes(record.key, out);
  out->append(",\"value\":");
  AppendJsonBytes(record.value, out);
  out->append(",\"headers\":[");
  for (size_t i = 0; i < record.headers.size(); ++i) {
    out->append(i == 0 ? "{\"name\":" : ",{\"name\":");
    AppendJsonString(record.headers[i].name, out);
    out->append(",\"value\":");
    AppendJsonBytes(record.headers[i].value, out);
    out->push_back('}');
  }
  out->append("]}");
}

class JsonLinesFormat : public RecordFormat {
 public:
  void Append(const FormattedRecord& formatted, std::string* out) override {
    AppendObject(formatted, out);
    out->push_back('\n');
  }
};

class JsonFormat : public RecordFormat {
 public:
  void Append(const FormattedRecord& formatted, std::string* out) override {
    out->append(std::exchange(first_, false) ? "[\n" : ",\n");
    AppendObject(formatted, out);
  }
  void End(std::string* out) override { out->append(first_ ? "[]\n" : "\n]\n"); }

 private:
  bool first_ = true;
};

std::string TextOf(std::string_view bytes) {
  if (record::IsValidUtf8(bytes)) return std::string(bytes);
  return "base64:" + absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::string HeadersOf(const client::ReadRecord& record) {
  std::string out;
  for (const record::HeaderView& header : record.headers) {
    if (!out.empty()) out.push_back(',');
    out.append(header.name);
    if (header.value.has_value()) out.append("=").append(TextOf(*header.value));
  }
  return out;
}

class CsvFormat : public RecordFormat {
 public:
  void Begin(std::string* out) override {
    out->append("topic,partition,offset,timestamp_ms,key,value,headers\r\n");
  }
  void Append(const FormattedRecord& formatted, std::string* out) override {
    const client::ReadRecord& record = formatted.record;
    fmt::format_to(std::back_inserter(*out), "{},{},{},{},", formatted.topic, formatted.partition,
                   record.offset, record.timestamp_ms);
    AppendField(record.key, out);
    out->push_back(',');
    AppendField(record.value, out);
    out->push_back(',');
    AppendField(HeadersOf(record), out);
    out->append("\r\n");
  }

 private:
  static void AppendField(std::optional<std::string_view> bytes, std::string* out) {
    if (!bytes.has_value()) return;
    const std::string text = TextOf(*bytes);
    if (!text.empty() && text.find_first_of(",\"\r\n") == text.npos) {
      out->append(text);
      return;
    }
    out->push_back('"');
    for (char c : text) out->append(c == '"' ? "\"\"" : std::string(1, c));
    out->push_back('"');
  }
};

// For people: nothing in it can move the cursor.
class LineFormat : public RecordFormat {
 public:
  LineFormat(Colour colour, bool with_headers) : colour_(colour), with_headers_(with_headers) {}

  void Append(const FormattedRecord& formatted, std::string* out) override {
    const client::ReadRecord& record = formatted.record;
    const bool colour = colour_ == Colour::kYes;
    fmt::format_to(std::back_inserter(*out), "{}{}  {}/{}@{}{}  {}{}{}  {}",
                   colour ? "\x1b[2m" : "", FormatTimestamp(record.timestamp_ms), formatted.topic,
                   formatted.partition, record.offset, colour ? "\x1b[0m" : "",
                   colour ? "\x1b[36m" : "", Printable(record.key), colour ? "\x1b[0m" : "",
                   Printable(record.value));
    if (with_headers_ && !record.headers.empty()) {
      fmt::format_to(std::back_inserter(*out), "  [{}]", Printable(HeadersOf(record)));
    }
    out->push_back('\n');
  }

 private:
  static std::string Printable(std::optional<std::string_view> bytes) {
    if (!bytes.has_value()) return "-";
    std::string out;
    for (char c : TextOf(*bytes)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte != 0x7f) {
        out.push_back(c);
      } else {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
      }
    }
    return out;
  }

  const Colour colour_;
  const bool with_headers_;
};

class TemplateFormat : public RecordFormat {
 public:
  explicit TemplateFormat(RecordTemplate record_template) : template_(std::move(record_template)) {}
  void Append(const FormattedRecord& formatted, std::string* out) override {
    template_.Append(formatted, HeadersOf(formatted.record), out);
  }

 private:
  const RecordTemplate template_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordFormat>> ParseRecordFormat(std::string_view name,
                                                                Colour colour) {
  if (name == "raw") return std::make_unique<RawFormat>();
  if (name == "jsonl") return std::make_unique<JsonLinesFormat>();
  if (name == "json") return std::make_unique<JsonFormat>();
  if (name == "csv") return std::make_unique<CsvFormat>();
  if (name == "table") return std::make_unique<LineFormat>(colour, /*with_headers=*/false);
  if (name == "wide") return std::make_unique<LineFormat>(colour, /*with_headers=*/true);
  if (name.find('%') == name.npos) {
    return absl::InvalidArgumentError(fmt::format(
        "unknown format '{}': table, wide, json, jsonl, csv, raw, or a string such as '%k\\t%v\\n'",
        name));
  }
  absl::StatusOr<RecordTemplate> parsed = RecordTemplate::Parse(name);
  if (!parsed.ok()) return std::move(parsed).status();
  return std::make_unique<TemplateFormat>(*std::move(parsed));
}

}  // namespace leat::cli
