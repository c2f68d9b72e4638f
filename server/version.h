// The version of this program, as GetServerInfo and `leat version` tell it.

#ifndef LEAT_SERVER_VERSION_H_
#define LEAT_SERVER_VERSION_H_

#include <string_view>

namespace leat::server {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace leat::server

#endif  // LEAT_SERVER_VERSION_H_
