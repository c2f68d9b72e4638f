#include "storage/io/posix_event_loop.h"

#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "storage/io/posix_file_system.h"

namespace leat::io {

absl::StatusOr<std::unique_ptr<EventLoop>> PosixEventLoop::Create(Options options) {
  absl::StatusOr<std::shared_ptr<Mailbox>> mailbox = Mailbox::Create();
  if (!mailbox.ok()) return mailbox.status();
  return std::unique_ptr<EventLoop>(new PosixEventLoop(*std::move(mailbox), std::move(options)));
}

PosixEventLoop::PosixEventLoop(std::shared_ptr<Mailbox> mailbox, Options options)
    : LoopBase(std::move(mailbox), std::move(options.background)),
      transfers_(std::move(options.transfers)) {}

void PosixEventLoop::WriteDurably(File& file, FilePosition position, absl::Span<const char> data,
                                  IoCallback done) {
  RunOn(
      *transfers_, [&file, position, data] { return WriteDurablyAt(file, position, data); },
      std::move(done));
}

void PosixEventLoop::Read(File& file, FilePosition position, absl::Span<char> data,
                          IoCallback done) {
  RunOn(
      *transfers_, [&file, position, data] { return file.ReadAt(position, data); },
      std::move(done));
}

void PosixEventLoop::Poll(absl::Duration max_wait) {
  if (max_wait == absl::ZeroDuration()) return;
  pollfd wake{.fd = mailbox().wake_descriptor(), .events = POLLIN, .revents = 0};
  const timespec timeout = absl::ToTimespec(max_wait);
  // An error is a signal's; either way the loop looks at its mailbox next.
  const bool forever = max_wait == absl::InfiniteDuration();
  if (ppoll(&wake, 1, forever ? nullptr : &timeout, nullptr) <= 0) return;
  uint64_t count;
  [[maybe_unused]] const ssize_t taken = read(wake.fd, &count, sizeof(count));
}

}  // namespace leat::io
