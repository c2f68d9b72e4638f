// An event loop on io_uring: one ring for one thread, one system call a turn.
//
// Owned by the shard; threads and crash promise as event_loop.h says. A flushed write is
// IORING_OP_WRITE with RWF_DSYNC, so the flush and its error belong to that write alone. In the
// steady state nothing is allocated for an operation. Other threads wake the ring through an
// eventfd that it reads.

#ifndef LEAT_STORAGE_IO_URING_EVENT_LOOP_H_
#define LEAT_STORAGE_IO_URING_EVENT_LOOP_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "storage/io/background_pool.h"
#include "storage/io/event_loop.h"

namespace leat::io {

struct UringOptions {
  // Operations in the kernel at once, up to 4,096; more wait their turn in the loop.
  uint32_t operations_max = 256;
  std::shared_ptr<BackgroundPool> background;  // Behind `Offload`.
};

// Makes the ring, so that its refusal shows here: PERMISSION_DENIED (a seccomp profile,
// kernel.io_uring_disabled), INTERNAL (ENOSYS), UNIMPLEMENTED (a kernel before 5.11),
// RESOURCE_EXHAUSTED (descriptors, locked memory). Safe to repeat.
absl::StatusOr<std::unique_ptr<EventLoop>> CreateUringEventLoop(UringOptions options);

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_URING_EVENT_LOOP_H_
