#include "cli/suite_report.h"

#include <algorithm>

#include "cli/quantity.h"
#include "cli/table.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace leat::cli {
namespace {

using bench::SuiteRow;
using Json = nlohmann::ordered_json;

constexpr char kBeyond[] =
    "* better than the floor: both wait for the client there, or the machine was slower in the "
    "floor's turn\n";

// "1.12 GB/s", "51.2 k/s", "0.31 ms", "28.0 KiB".
std::string Amount(double value, const std::string& unit) {
  if (unit == "s") return fmt::format("{:.3f} ms", value * 1e3);
  if (unit == "bytes") return FormatBytes(static_cast<int64_t>(value));
  if (unit == "bytes/s") return fmt::format("{:.2f} GB/s", value / 1e9);
  return value >= 1e6 ? fmt::format("{:.2f} M/s", value / 1e6)
                      : fmt::format("{:.1f} k/s", value / 1e3);
}

std::string Aim(const SuiteRow& row) {
  if (!row.aim.has_value()) return "";
  return row.floor.empty() ? Amount(*row.aim, row.unit) : fmt::format("{:.2f}", *row.aim);
}

std::string Ratio(const SuiteRow& row) {
  return row.floor.empty() ? "" : fmt::format("{:.2f}{}", row.ratio, row.beyond ? "*" : "");
}

}  // namespace

std::string DescribeRow(const SuiteRow& row) {
  std::string text = fmt::format("{}: {}", row.title, Amount(row.value, row.unit));
  if (!row.floor.empty()) {
    text += fmt::format("; {} {}: ratio {:.2f}", row.floor, Amount(row.floor_value, row.unit),
                        row.ratio);
  }
  return text;
}

std::string DescribeRows(const std::vector<SuiteRow>& rows) {
  Table table({"measure", "class", ">leat", "floor", ">floor is", ">ratio", ">aim"});
  for (const SuiteRow& row : rows) {
    table.Add({row.title, row.durability, Amount(row.value, row.unit), row.floor,
               row.floor.empty() ? "" : Amount(row.floor_value, row.unit), Ratio(row), Aim(row)});
  }
  const bool beyond =
      std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.beyond; });
  return table.ToText() + (beyond ? kBeyond : "");
}

std::string RowsToJson(const std::vector<SuiteRow>& rows) {
  Json list = Json::array();
  for (const SuiteRow& row : rows) {
    const bool floored = !row.floor.empty();
    list.push_back({{"measure", row.measure},
                    {"title", row.title},
                    {"system", "leat"},
                    {"value", row.value},
                    {"values", row.values},
                    {"unit", row.unit},
                    {"durability", row.durability},
                    {"floor", floored ? Json(row.floor) : Json()},
                    {"floor_value", floored ? Json(row.floor_value) : Json()},
                    {"ratio_to_floor", floored ? Json(row.ratio) : Json()},
                    {"beyond_floor", row.beyond},
                    {"aim", row.aim.has_value() ? Json(*row.aim) : Json()},
                    {"peer", nullptr},
                    {"peer_durability", nullptr},
                    {"peer_value", nullptr},
                    {"peer_values", nullptr},
                    {"ratio_to_peer", nullptr}});
  }
  return list.dump(1) + "\n";
}

}  // namespace leat::cli
