#include "storage/io/io_backend.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "storage/io/background_pool.h"
#include "storage/io/posix_event_loop.h"
#include "storage/io/uring_event_loop.h"

namespace leat::io {
namespace {

// One that makes loops on io_uring, or the kernel's refusal.
absl::StatusOr<IoBackend> UringBackend(const IoBackendOptions& options,
                                       std::shared_ptr<BackgroundPool> background) {
  auto new_event_loop = [uring = UringOptions{.operations_max = options.operations_max,
                                              .background = std::move(background)}] {
    return CreateUringEventLoop(uring);
  };
  // The only sure way to learn whether it is allowed.
  absl::Status allowed = new_event_loop().status();
  if (!allowed.ok()) return allowed;
  return IoBackend{.kind = IoBackendKind::kUring,
                   .reason = "io_uring is allowed",
                   .new_event_loop = std::move(new_event_loop)};
}

IoBackend PosixBackend(const IoBackendOptions& options, std::shared_ptr<BackgroundPool> background,
                       std::string reason) {
  const PosixEventLoop::Options posix = {
      .background = std::move(background),
      .transfers = std::make_shared<BackgroundPool>(options.transfer_threads)};
  return {.kind = IoBackendKind::kPosix, .reason = std::move(reason), .new_event_loop = [posix] {
            return PosixEventLoop::Create(posix);
          }};
}

}  // namespace

std::string_view IoBackendName(IoBackendKind kind) {
  return kind == IoBackendKind::kUring ? "io_uring" : "posix";
}

absl::StatusOr<IoBackendChoice> ParseIoBackendChoice(std::string_view text) {
  if (text == "auto") return IoBackendChoice::kAuto;
  if (text == "uring") return IoBackendChoice::kUring;
  if (text == "posix") return IoBackendChoice::kPosix;
  return absl::InvalidArgumentError(absl::StrCat("I/O backend \"",
                                                 absl::string_view(text.data(), text.size()),
                                                 "\": must be auto, uring or posix"));
}

absl::StatusOr<IoBackend> ChooseIoBackend(const IoBackendOptions& options) {
  auto background = std::make_shared<BackgroundPool>(options.background_threads);
  if (options.choice == IoBackendChoice::kPosix) {
    return PosixBackend(options, std::move(background), "chosen by setting");
  }
  absl::StatusOr<IoBackend> uring = UringBackend(options, background);
  if (uring.ok() || options.choice == IoBackendChoice::kUring) return uring;
  return PosixBackend(options, std::move(background),
                      absl::StrCat("io_uring is refused: ", uring.status().message()));
}

}  // namespace leat::io
