#include "bench/listening_process.h"

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace leat::bench {
namespace {

namespace fs = std::filesystem;

bool IsHere(const std::string& host) {
  return absl::StartsWith(host, "127.") || host == "localhost" || host == "[::1]";
}

// The inode of the socket that listens on `port`; 0 when there is none. A line of /proc/net/tcp
// (man 5 proc): number, local address, remote address, state, three fields, owner, timeout, inode.
uint64_t InodeOf(const char* table, uint32_t port) {
  constexpr char kListening[] = "0A";
  std::ifstream lines(table);
  lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string number, local, remote, state, skipped;
    uint64_t inode = 0;
    fields >> number >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    const size_t colon = local.rfind(':');
    if (state == kListening && colon != std::string::npos &&
        std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) {
      return inode;
    }
  }
  return 0;
}

bool Holds(const fs::path& process, const std::string& socket) {
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(it->path(), unreadable) == socket) return true;
  }
  return false;
}

}  // namespace

pid_t FindListeningProcess(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      !IsHere(address.substr(0, colon))) {
    return 0;
  }
  uint64_t inode = InodeOf("/proc/net/tcp", port);
  if (inode == 0) inode = InodeOf("/proc/net/tcp6", port);
  if (inode == 0) return 0;
  const std::string socket = absl::StrCat("socket:[", inode, "]");
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    pid_t process = 0;
    if (absl::SimpleAtoi(it->path().filename().string(), &process) && Holds(it->path(), socket)) {
      return process;
    }
  }
  return 0;
}

}  // namespace leat::bench
