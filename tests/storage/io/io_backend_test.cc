#include "storage/io/io_backend.h"

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "storage/io/background_pool.h"
#include "storage/io/posix_error.h"

namespace leat::io {
namespace {

TEST(IoBackend, PosixIsChosenBySetting) {
  absl::StatusOr<IoBackend> backend = ChooseIoBackend({.choice = IoBackendChoice::kPosix});
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ(backend->kind, IoBackendKind::kPosix);
  EXPECT_EQ(IoBackendName(backend->kind), "posix");
  EXPECT_EQ(backend->reason, "chosen by setting");
}

TEST(IoBackend, AutoIsUringWhereAllowedAndElseSaysWhyNot) {
  const absl::StatusOr<IoBackend> uring = ChooseIoBackend({.choice = IoBackendChoice::kUring});
  const absl::StatusOr<IoBackend> automatic = ChooseIoBackend({});
  ASSERT_TRUE(automatic.ok()) << automatic.status();
  if (uring.ok()) {
    EXPECT_EQ(automatic->kind, IoBackendKind::kUring);
    EXPECT_EQ(automatic->reason, "io_uring is allowed");
  } else {
    EXPECT_EQ(automatic->kind, IoBackendKind::kPosix);
    EXPECT_NE(automatic->reason.find(std::string(uring.status().message())), std::string::npos);
  }
}

TEST(IoBackend, LoopsOutliveIt) {
  for (const IoBackendChoice choice : {IoBackendChoice::kAuto, IoBackendChoice::kPosix}) {
    std::unique_ptr<EventLoop> loop;
    {
      absl::StatusOr<IoBackend> backend = ChooseIoBackend({.choice = choice});
      ASSERT_TRUE(backend.ok()) << backend.status();
      absl::StatusOr<std::unique_ptr<EventLoop>> made = backend->new_event_loop();
      ASSERT_TRUE(made.ok()) << made.status();
      loop = *std::move(made);
    }
    bool done = false;
    loop->Offload([] { return absl::OkStatus(); },
                  [&](absl::Status) {
                    done = true;
                    loop->Stop();
                  });
    loop->Run();
    EXPECT_TRUE(done);
  }
}

TEST(IoBackend, ParsesItsSetting) {
  EXPECT_EQ(*ParseIoBackendChoice("auto"), IoBackendChoice::kAuto);
  EXPECT_EQ(*ParseIoBackendChoice("uring"), IoBackendChoice::kUring);
  EXPECT_EQ(*ParseIoBackendChoice("posix"), IoBackendChoice::kPosix);
  EXPECT_TRUE(absl::IsInvalidArgument(ParseIoBackendChoice("aio").status()));
}

TEST(BackgroundPool, FinishesWhatItWasGiven) {
  int done = 0;
  {
    BackgroundPool pool(1);
    for (int i = 0; i < 100; ++i) pool.Run([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(PosixError, HasTheCodeOfTheTable) {
  const std::pair<int, absl::StatusCode> table[] = {
      {ENOENT, absl::StatusCode::kNotFound},
      {EEXIST, absl::StatusCode::kAlreadyExists},
      {ENOSPC, absl::StatusCode::kResourceExhausted},
      {EDQUOT, absl::StatusCode::kResourceExhausted},
      {EFBIG, absl::StatusCode::kResourceExhausted},
      {EMFILE, absl::StatusCode::kResourceExhausted},
      {ENFILE, absl::StatusCode::kResourceExhausted},
      {ENOMEM, absl::StatusCode::kResourceExhausted},
      {EACCES, absl::StatusCode::kPermissionDenied},
      {EPERM, absl::StatusCode::kPermissionDenied},
      {EROFS, absl::StatusCode::kPermissionDenied},
      {EIO, absl::StatusCode::kDataLoss},
      {EINVAL, absl::StatusCode::kInternal},
  };
  for (const auto& [error, code] : table) EXPECT_EQ(PosixError(error, "do", "/f").code(), code);
  EXPECT_EQ(PosixError(ENOSPC, "write", "/f").message(),
            "write /f: ENOSPC (No space left on device)");
  EXPECT_FALSE(PosixError(123456, "do", "/f").ok());
}

}  // namespace
}  // namespace leat::io
