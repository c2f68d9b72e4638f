#include "server/rpc/group_page.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace leat::rpc {
namespace {

// Neither of them stands in names or ids.
constexpr std::string_view kMember = "m/";
constexpr std::string_view kPartition = "p/";

}  // namespace

std::string PageTokenOf(const GroupPlace& last) {
  return last.is_partition ? fmt::format("{}{}/{}", kPartition, last.name, last.partition)
                           : fmt::format("{}{}", kMember, last.name);
}

std::optional<GroupPlace> ParsePageToken(std::string_view token) {
  GroupPlace place;
  if (token.empty()) return place;
  if (token.starts_with(kMember)) {
    place.name = token.substr(kMember.size());
    return place;
  }
  if (!token.starts_with(kPartition)) return std::nullopt;
  token.remove_prefix(kPartition.size());
  const size_t slash = token.find('/');
  if (slash == token.npos) return std::nullopt;
  place.is_partition = true;
  place.name = token.substr(0, slash);
  const char* const end = token.data() + token.size();
  const auto [rest, error] = std::from_chars(token.data() + slash + 1, end, place.partition);
  if (error != std::errc() || rest != end) return std::nullopt;
  return place;
}

}  // namespace leat::rpc
