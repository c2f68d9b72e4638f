// Pages of GetGroup: members by id, then partitions by topic name and number. A token names the
// last element of a page; the next page goes on behind it, whatever has changed meanwhile.
//
// Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_GROUP_PAGE_H_
#define LEAT_SERVER_RPC_GROUP_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat::rpc {

// An element of a group. The default comes before all of them.
struct GroupPlace {
  bool is_partition = false;  // Else a member.
  std::string name;           // The member's id, as far as it is shown, or the topic's name.
  uint32_t partition = 0;

  friend auto operator<=>(const GroupPlace&, const GroupPlace&) = default;
};

std::string PageTokenOf(const GroupPlace& last);

// nullopt for what `PageTokenOf` does not make. The empty token names the first page.
std::optional<GroupPlace> ParsePageToken(std::string_view token);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_GROUP_PAGE_H_
