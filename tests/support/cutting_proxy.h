// A TCP proxy on loopback that cuts connections at random, in the middle of whatever goes over
// them.
//
// One thread for each connection. From a seed, so that lives differ as little as threads allow.

#ifndef LEAT_TESTS_SUPPORT_CUTTING_PROXY_H_
#define LEAT_TESTS_SUPPORT_CUTTING_PROXY_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <random>
#include <string>
#include <thread>

namespace leat {

class CuttingProxy {
 public:
  // Listens on a free port, and connects to `target_port` for each connection it gets. Each is cut
  // after up to `max_bytes`.
  CuttingProxy(uint16_t target_port, uint64_t max_bytes, uint64_t seed);
  ~CuttingProxy();

  uint16_t port() const { return port_; }
  uint64_t cuts() const { return cuts_; }

  // Cuts no connection any more that is made from now on.
  void LetPass() { cutting_ = false; }

 private:
  void Accept();
  void Carry(int client, uint64_t bytes);

  const uint16_t target_port_;
  const uint64_t max_bytes_;
  std::mt19937_64 random_;  // Of `acceptor_`.
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> cutting_ = true;
  std::atomic<bool> stopping_ = false;
  std::atomic<uint64_t> cuts_ = 0;
  std::list<std::thread> connections_;  // Of `acceptor_`.
  std::thread acceptor_;
};

}  // namespace leat

#endif  // LEAT_TESTS_SUPPORT_CUTTING_PROXY_H_
