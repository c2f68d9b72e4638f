#include "server/suggestion.h"

#include <algorithm>
#include <numeric>

namespace leat::server {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string_view ClosestName(std::string_view name, const std::vector<std::string_view>& names) {
  std::string_view closest;
  size_t least = std::max<size_t>(3, name.size() / 3 + 1);
  for (const std::string_view candidate : names) {
    // A key without its table counts as near.
    const size_t dot = candidate.find('.');
    const std::string_view last =
        dot == std::string_view::npos ? candidate : candidate.substr(dot + 1);
    const size_t distance = std::min(EditDistance(name, candidate), EditDistance(name, last) + 1);
    if (distance >= least) continue;
    least = distance;
    closest = candidate;
  }
  return closest;
}

}  // namespace leat::server
