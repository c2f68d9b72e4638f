// What the suite of `leat bench` found: for people and for programs. Pure.

#ifndef LEAT_CLI_SUITE_REPORT_H_
#define LEAT_CLI_SUITE_REPORT_H_

#include <string>
#include <vector>

#include "bench/suite/suite_row.h"

namespace leat::cli {

// A line of the table, as it is found.
std::string DescribeRow(const bench::SuiteRow& row);
std::string DescribeRows(const std::vector<bench::SuiteRow>& rows);

// A list of objects. What is compared with other systems has the same fields, see bench/peers.
std::string RowsToJson(const std::vector<bench::SuiteRow>& rows);

}  // namespace leat::cli

#endif  // LEAT_CLI_SUITE_REPORT_H_
