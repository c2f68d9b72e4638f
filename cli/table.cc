#include "cli/table.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace leat::cli {
namespace {

size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

void AppendCsvCell(const std::string& cell, std::string* out) {
  if (cell.find_first_of(",\"\r\n") == cell.npos) {
    out->append(cell);
    return;
  }
  out->push_back('"');
  for (char c : cell) out->append(c == '"' ? "\"\"" : std::string(1, c));
  out->push_back('"');
}

// What others have named may hold what a terminal obeys.
std::string Printable(const std::string& cell) {
  std::string out;
  for (const char c : cell) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out;
}

}  // namespace

Table::Table(std::vector<std::string> columns) {
  for (std::string& column : columns) {
    right_aligned_.push_back(column.starts_with('>'));
    if (right_aligned_.back()) column.erase(0, 1);
  }
  rows_.push_back(std::move(columns));
}

void Table::Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::string Table::ToText() const {
  std::vector<size_t> widths(right_aligned_.size());
  std::vector<std::vector<std::string>> rows = rows_;
  for (auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = Printable(row[i]);
      widths[i] = std::max(widths[i], WidthOf(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - WidthOf(row[i]), ' ');
      if (i > 0) line += "  ";
      line += right_aligned_[i] ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string Table::ToCsv() const {
  std::string out;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out.push_back(',');
      AppendCsvCell(row[i], &out);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace leat::cli
