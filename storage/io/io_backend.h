// Chooses, once at start, what the shards' event loops are made of, and says why.
//
// Made by `main`, outlives the broker. Thread safety: `new_event_loop` may be called from any
// thread.

#ifndef LEAT_STORAGE_IO_IO_BACKEND_H_
#define LEAT_STORAGE_IO_IO_BACKEND_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/io/event_loop.h"

namespace leat::io {

enum class IoBackendKind { kUring, kPosix };

// "io_uring" or "posix": for the log, metrics and GetServerInfo.
std::string_view IoBackendName(IoBackendKind kind);

enum class IoBackendChoice {
  kAuto,   // io_uring where it is allowed, else POSIX.
  kUring,  // Fails where it is not allowed.
  kPosix,
};

// From "auto", "uring" or "posix". INVALID_ARGUMENT naming these otherwise.
absl::StatusOr<IoBackendChoice> ParseIoBackendChoice(std::string_view text);

struct IoBackendOptions {
  IoBackendChoice choice = IoBackendChoice::kAuto;
  // Operations in the kernel at once for each loop.
  uint32_t operations_max = 256;
  // Shared by all loops: behind `Offload`, and (POSIX only) for reads and writes.
  size_t background_threads = 4;
  size_t transfer_threads = 8;
};

struct IoBackend {
  IoBackendKind kind = IoBackendKind::kPosix;
  // Why it is this one, in words, the kernel's refusal included.
  std::string reason;
  // A loop for one shard. Its errors are those of the process's limits (RESOURCE_EXHAUSTED). The
  // loops share background threads, which end with the last of them and this function.
  std::function<absl::StatusOr<std::unique_ptr<EventLoop>>()> new_event_loop;
};

// Fails only when `kUring` was asked for and is refused, with that refusal.
absl::StatusOr<IoBackend> ChooseIoBackend(const IoBackendOptions& options);

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_IO_BACKEND_H_
