// A floor for produce benchmarks: a gRPC server with the same stack, settings and message shapes as
// Leat's that answers every ProduceStream request at once and keeps nothing.

#ifndef LEAT_BENCH_NULL_SINK_H_
#define LEAT_BENCH_NULL_SINK_H_

#include <cstdint>
#include <memory>

namespace leat::bench {

class NullSink {
 public:
  // Listens on a free port of the loopback interface.
  NullSink();
  ~NullSink();

  int port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_NULL_SINK_H_
