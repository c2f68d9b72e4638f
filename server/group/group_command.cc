#include "server/group/group_command.h"

namespace leat::group {

const std::string& GroupNameOf(const GroupCommand& command) {
  static const std::string kNone;
  return std::visit(
      [](const auto& specific) -> const std::string& {
        if constexpr (requires { specific.group; }) {
          return specific.group;
        } else if constexpr (requires { specific.member; }) {
          return specific.member.group;
        } else {
          return kNone;
        }
      },
      command);
}

}  // namespace leat::group
