// "Is it ...?", for names that were mistyped. Pure functions; any thread.

#ifndef LEAT_SERVER_SUGGESTION_H_
#define LEAT_SERVER_SUGGESTION_H_

#include <cstddef>
#include <string_view>
#include <vector>

namespace leat::server {

// Single-character insertions, removals and replacements that make `a` into `b` (Levenshtein's
// distance).
size_t EditDistance(std::string_view a, std::string_view b);

// The one of `names` that is nearest to `name`; empty when none is near.
std::string_view ClosestName(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace leat::server

#endif  // LEAT_SERVER_SUGGESTION_H_
