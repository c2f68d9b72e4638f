// An event loop on threads that block: for machines where io_uring is not allowed.
//
// Owned by the shard; threads and crash promise as event_loop.h says. Reads and writes run on a
// small pool, shared by the loops.

#ifndef LEAT_STORAGE_IO_POSIX_EVENT_LOOP_H_
#define LEAT_STORAGE_IO_POSIX_EVENT_LOOP_H_

#include <memory>

#include "absl/status/statusor.h"
#include "storage/io/background_pool.h"
#include "storage/io/loop_base.h"

namespace leat::io {

class PosixEventLoop : public LoopBase {
 public:
  struct Options {
    std::shared_ptr<BackgroundPool> background;  // Behind `Offload`.
    std::shared_ptr<BackgroundPool> transfers;  // Behind `WriteDurably` and `Read`; never the same.
  };

  // RESOURCE_EXHAUSTED when the process is out of descriptors.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(Options options);

  void WriteDurably(File& file, FilePosition position, absl::Span<const char> data,
                    IoCallback done) override;
  void Read(File& file, FilePosition position, absl::Span<char> data, IoCallback done) override;

 private:
  PosixEventLoop(std::shared_ptr<Mailbox> mailbox, Options options);

  void Poll(absl::Duration max_wait) override;

  const std::shared_ptr<BackgroundPool> transfers_;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_POSIX_EVENT_LOOP_H_
