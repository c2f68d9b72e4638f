// Which process of this machine listens on an address, as the kernel tells. Blocking; any thread.

#ifndef LEAT_BENCH_LISTENING_PROCESS_H_
#define LEAT_BENCH_LISTENING_PROCESS_H_

#include <sys/types.h>

#include <string>

namespace leat::bench {

// `address` is "127.0.0.1:7450", "localhost:7450" or "[::1]:7450". 0 when it is another machine's,
// or nobody's, or that of a process that we may not look into.
pid_t FindListeningProcess(const std::string& address);

}  // namespace leat::bench

#endif  // LEAT_BENCH_LISTENING_PROCESS_H_
