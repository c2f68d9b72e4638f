// The floor under a server: the same gRPC stack, settings and message shapes as Leat's, and nothing
// behind them. Every append is answered at once and forgotten; a read gets the first batch that was
// appended, again and again, as fast as it takes them. Useful to a client without checks only.

#ifndef LEAT_BENCH_SUITE_NULL_SERVER_H_
#define LEAT_BENCH_SUITE_NULL_SERVER_H_

#include <memory>

namespace leat::bench {

class NullServer {
 public:
  // Listens on a free port of the loopback interface.
  NullServer();
  ~NullServer();

  int port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_NULL_SERVER_H_
