#include "server/address.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/strings/numbers.h"

namespace leat::server {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

struct HostPort {
  std::string host;
  std::string port;
};

bool IsUnix(const std::string& address) { return address.starts_with(kUnixPrefix); }

std::optional<HostPort> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  uint32_t number = 0;
  if (!absl::SimpleAtoi(port, &number) || number > 65'535) return std::nullopt;
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return std::nullopt;  // An IPv6 address without brackets.
  }
  if (host.empty()) return std::nullopt;
  return HostPort{host, port};
}

absl::Status CannotListen(const std::string& address, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("cannot listen on {}: {}", address, why));
}

absl::Status InUse(const std::string& address, int error) {
  return CannotListen(
      address, fmt::format("{}{}", std::strerror(error),
                           error == EADDRINUSE
                               ? ". Another server has it: stop that one, or choose another address"
                               : ""));
}

class Socket {
 public:
  explicit Socket(int family) : descriptor_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::Status CheckUnixFree(const std::string& address) {
  const std::string path = address.substr(kUnixPrefix.size());
  sockaddr_un place = {.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(place.sun_path, sizeof(place.sun_path) - 1);
  const std::string parent = path.substr(0, path.rfind('/') + 1);
  struct stat found = {};
  if (!parent.empty() && stat(parent.c_str(), &found) != 0) {
    return CannotListen(address, std::strerror(errno));
  }
  if (stat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) {
    return CannotListen(address, "there is a file that is no socket");
  }
  const Socket probe(AF_UNIX);
  const auto* where = reinterpret_cast<const sockaddr*>(&place);
  if (connect(probe.descriptor(), where, sizeof(place)) == 0) return InUse(address, EADDRINUSE);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckAddress(const std::string& address) {
  const bool valid = IsUnix(address)
                         ? address.size() > kUnixPrefix.size() &&
                               address.size() - kUnixPrefix.size() < sizeof(sockaddr_un::sun_path)
                         : Split(address).has_value();
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' must be HOST:PORT, [IPV6]:PORT or unix:PATH", address));
}

absl::Status CheckFree(const std::string& address) {
  if (auto status = CheckAddress(address); !status.ok()) return status;
  if (IsUnix(address)) return CheckUnixFree(address);
  const HostPort parts = *Split(address);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found);
      error != 0) {
    return CannotListen(address, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  const Socket probe(found->ai_family);
  const int on = 1;
  setsockopt(probe.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(probe.descriptor(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(probe.descriptor(), 1) != 0) {
    return InUse(address, errno);
  }
  return absl::OkStatus();
}

bool IsLocal(const std::string& address) {
  if (IsUnix(address)) return true;
  const auto parts = Split(address);
  return parts.has_value() &&
         (parts->host == "localhost" || parts->host == "::1" || parts->host.starts_with("127."));
}

std::string WithPort(const std::string& address, int port) {
  if (IsUnix(address)) return address;
  return fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
}

}  // namespace leat::server
