// Rows for people and for programs: aligned columns, or CSV. Pure.

#ifndef LEAT_CLI_TABLE_H_
#define LEAT_CLI_TABLE_H_

#include <string>
#include <vector>

namespace leat::cli {

class Table {
 public:
  // Columns that begin with '>' are aligned to the right; the sign is not shown.
  explicit Table(std::vector<std::string> columns);

  // As many cells as there are columns.
  void Add(std::vector<std::string> row);

  // A header line, then the rows, two spaces between columns. Widths are counted in UTF-8
  // characters.
  std::string ToText() const;
  // RFC 4180, header line first.
  std::string ToCsv() const;

 private:
  std::vector<bool> right_aligned_;
  std::vector<std::vector<std::string>> rows_;  // The first one is the header.
};

}  // namespace leat::cli

#endif  // LEAT_CLI_TABLE_H_
