#include "tests/support/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace leat {
namespace {

constexpr int kPollMillis = 20;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Passes on what is there, at most `most` bytes. How many; 0 at the end.
ssize_t PassOn(int from, int to, uint64_t most) {
  std::array<char, 16 << 10> buffer;
  const ssize_t read = recv(from, buffer.data(), std::min<uint64_t>(buffer.size(), most), 0);
  for (ssize_t sent = 0; sent < read;) {
    const ssize_t more = send(to, buffer.data() + sent, read - sent, MSG_NOSIGNAL);
    if (more <= 0) return 0;
    sent += more;
  }
  return std::max<ssize_t>(read, 0);
}

}  // namespace

CuttingProxy::CuttingProxy(uint16_t target_port, uint64_t max_bytes, uint64_t seed)
    : target_port_(target_port), max_bytes_(max_bytes), random_(seed) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, any, length) == 0 && listen(listener_, 16) == 0) {
    getsockname(listener_, any, &length);
    port_ = ntohs(address.sin_port);
  }
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
}

void CuttingProxy::Accept() {
  while (!stopping_) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kPollMillis) <= 0) continue;
    const int client = accept(listener_, nullptr, nullptr);
    const uint64_t bytes = cutting_ ? random_() % max_bytes_ : UINT64_MAX;
    if (client >= 0) connections_.emplace_back([this, client, bytes] { Carry(client, bytes); });
  }
}

void CuttingProxy::Carry(int client, uint64_t bytes) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(target_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  while (open && bytes > 0 && !stopping_) {
    std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (poll(ends.data(), ends.size(), kPollMillis) <= 0) continue;
    for (const auto& [from, to] : {std::pair{0, 1}, std::pair{1, 0}}) {
      if (ends[from].revents == 0) continue;
      const ssize_t passed = PassOn(ends[from].fd, ends[to].fd, bytes);
      open = open && passed > 0;
      bytes -= static_cast<uint64_t>(passed);
    }
  }
  if (bytes == 0) ++cuts_;
  close(client);
  close(server);
}

}  // namespace leat
