// What event_loop.h promises, on every implementation.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/event_loop.h"
#include "tests/storage/io/backends.h"

namespace leat::io {
namespace {

AlignedBuffer Filled(size_t bytes, char content) {
  AlignedBuffer buffer(bytes);
  std::fill_n(buffer.data(), buffer.size(), content);
  return buffer;
}

class EventLoopContract : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Backend>> backend = MakeBackend(GetParam());
    if (!backend.ok()) GTEST_SKIP() << backend.status();
    backend_ = *std::move(backend);
  }

  bool simulated() const { return GetParam() == BackendKind::kSimulated; }
  EventLoop& loop() { return backend_->loop(); }

  std::unique_ptr<File> Open(const std::string& name, OpenMode mode) {
    auto file = backend_->files().Open(backend_->Path(name), mode);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *std::move(file) : nullptr;
  }

  // A new file of `bytes` zeros.
  std::unique_ptr<File> Create(OpenMode mode, uint64_t bytes) {
    std::unique_ptr<File> file = Open("file", mode);
    EXPECT_TRUE(file->Allocate(FilePosition{0}, bytes).ok());
    return file;
  }

  // Runs `begin(done)` on the loop until `done` was called.
  absl::Status Await(absl::AnyInvocable<void(IoCallback) &&> begin) {
    absl::Status result = absl::UnknownError("not done");
    loop().Post([&, begin = std::move(begin)]() mutable {
      std::move(begin)([&](absl::Status status) {
        result = std::move(status);
        loop().Stop();
      });
    });
    loop().Run();
    return result;
  }

  absl::Status WriteDurably(File& file, uint64_t position, absl::Span<const char> data) {
    return Await([&, position, data](IoCallback done) {
      loop().WriteDurably(file, FilePosition{position}, data, std::move(done));
    });
  }

  absl::Status Read(File& file, uint64_t position, absl::Span<char> data) {
    return Await([&, position, data](IoCallback done) {
      loop().Read(file, FilePosition{position}, data, std::move(done));
    });
  }

  std::unique_ptr<Backend> backend_;
};

TEST_P(EventLoopContract, WritesWhatIsReadAfterwards) {
  for (const OpenMode mode : {OpenMode::kCreate, OpenMode::kCreateDirect}) {
    SetUp();
    std::unique_ptr<File> file = Create(mode, 64 << 10);
    const AlignedBuffer written = Filled(8192, 'w');
    AlignedBuffer read(16384);
    absl::Status wrote;
    EXPECT_TRUE(Await([&](IoCallback done) {
                  loop().WriteDurably(*file, FilePosition{4096}, written.span(),
                                      [&, done = std::move(done)](absl::Status status) mutable {
                                        wrote = status;
                                        loop().Read(*file, FilePosition{0}, read.span(),
                                                    std::move(done));
                                      });
                }).ok());
    EXPECT_TRUE(wrote.ok()) << wrote;
    EXPECT_EQ(std::string(read.data(), read.size()),
              std::string(4096, '\0') + std::string(8192, 'w') + std::string(4096, '\0'));
  }
}

TEST_P(EventLoopContract, BufferedFilesTakeAnyPositionAndLength) {
  std::unique_ptr<File> file = Create(OpenMode::kCreate, 10'000);
  EXPECT_TRUE(WriteDurably(*file, 777, std::string(3001, 'x')).ok());
  std::string content(10'000, '?');
  EXPECT_TRUE(file->ReadAt(FilePosition{0}, absl::MakeSpan(content)).ok());
  EXPECT_EQ(content,
            std::string(777, '\0') + std::string(3001, 'x') + std::string(10'000 - 3778, '\0'));
}

TEST_P(EventLoopContract, RefusesDirectWritesOffTheBlocks) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 64 << 10);
  if (!file->direct()) GTEST_SKIP() << "no direct I/O on " << file->path();
  const AlignedBuffer data = Filled(8192, 'd');
  EXPECT_TRUE(absl::IsInvalidArgument(WriteDurably(*file, 512, data.span())));
}

TEST_P(EventLoopContract, RefusesDirectReadsOffTheBlocks) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 64 << 10);
  if (!file->direct()) GTEST_SKIP() << "no direct I/O on " << file->path();
  AlignedBuffer data(8192);
  EXPECT_TRUE(absl::IsInvalidArgument(Read(*file, 0, data.span().subspan(512, 4096))));
}

TEST_P(EventLoopContract, ReadingPastTheEndIsOutOfRange) {
  std::unique_ptr<File> file = Create(OpenMode::kCreate, 5000);
  std::string data(4096, '\0');
  EXPECT_TRUE(absl::IsOutOfRange(Read(*file, 4096, absl::MakeSpan(data))));
}

TEST_P(EventLoopContract, ReadingDirectlyPastAnEndInsideABlockIsOutOfRange) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 5000);
  AlignedBuffer data(8192);
  EXPECT_TRUE(absl::IsOutOfRange(Read(*file, 0, data.span())));
}

TEST_P(EventLoopContract, ReadingPastTheLastBlockIsOutOfRange) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 8192);
  AlignedBuffer data(8192);
  EXPECT_TRUE(absl::IsOutOfRange(Read(*file, 4096, data.span())));
}

TEST_P(EventLoopContract, WritingNothingIsDone) {
  std::unique_ptr<File> file = Create(OpenMode::kCreate, 4096);
  EXPECT_TRUE(WriteDurably(*file, 0, {}).ok());
}

TEST_P(EventLoopContract, AFullDiskIsResourceExhausted) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 64 << 10);
  const AlignedBuffer data = Filled(64 << 10, 'f');
  absl::Status result;
  if (simulated()) {
    backend_->disk()->FailNth(1, absl::ResourceExhaustedError("full"), FaultRepeat::kOnce);
    result = WriteDurably(*file, 0, data.span());
  } else {
    // The kernel first writes half, and is asked again for the rest.
    const FileSizeLimit limit(32 << 10);
    result = WriteDurably(*file, 0, data.span());
    AlignedBuffer half(32 << 10);
    EXPECT_TRUE(file->ReadAt(FilePosition{0}, half.span()).ok());
    EXPECT_EQ(half.span(), data.span().subspan(0, half.size()));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(result)) << result;
  EXPECT_FALSE(result.message().empty());
}

TEST_P(EventLoopContract, MoreOperationsThanTheKernelTakesAtOnceAllComplete) {
  constexpr int kBlocks = 300;
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, kBlocks * kBlockBytes);
  AlignedBuffer written(kBlocks * kBlockBytes);
  for (size_t i = 0; i < written.size(); ++i) written.data()[i] = static_cast<char>(i / 4096);
  AlignedBuffer read(written.size());
  int left = kBlocks;
  const auto read_back = [&](size_t position) {
    return [&, position](absl::Status status) {
      EXPECT_TRUE(status.ok()) << status;
      loop().Read(*file, FilePosition{position}, read.span().subspan(position, kBlockBytes),
                  [&](absl::Status status) {
                    EXPECT_TRUE(status.ok()) << status;
                    if (--left == 0) loop().Stop();
                  });
    };
  };
  for (size_t position = 0; position < written.size(); position += kBlockBytes) {
    loop().WriteDurably(*file, FilePosition{position},
                        written.span().subspan(position, kBlockBytes), read_back(position));
  }
  loop().Run();
  EXPECT_EQ(left, 0);
  EXPECT_EQ(read.span(), written.span());
}

TEST_P(EventLoopContract, NothingRunsInsideTheCallThatGaveIt) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 4096);
  const AlignedBuffer data = Filled(4096, 'i');
  AlignedBuffer read(4096);
  bool inside = false;
  int left = 7;
  const auto count = [&] {
    EXPECT_FALSE(inside);
    if (--left == 0) loop().Stop();
  };
  const auto complete = [&](absl::Status) { count(); };
  loop().Post([&] {
    inside = true;
    loop().WriteDurably(*file, FilePosition{0}, data.span(), complete);
    loop().WriteDurably(*file, FilePosition{0}, {}, complete);
    loop().Read(*file, FilePosition{0}, absl::MakeSpan(read.data() + 1, 100), complete);
    loop().Offload([] { return absl::OkStatus(); }, complete);
    loop().Post(count);
    loop().After(absl::ZeroDuration(), count);
    loop().After(absl::Seconds(-1), count);
    inside = false;
  });
  loop().Run();
  EXPECT_EQ(left, 0);
}

TEST_P(EventLoopContract, PostedTasksKeepTheirOrder) {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    loop().Post([&, i] {
      order.push_back(i);
      loop().Post([&, i] { order.push_back(100 + i); });
      if (i == 99) loop().Post([&] { loop().Stop(); });
    });
  }
  loop().Run();
  EXPECT_EQ(order.size(), 200);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(EventLoopContract, PostedTasksOfManyThreadsAllRunInTheirThreadsOrder) {
  if (simulated()) GTEST_SKIP() << "one thread only";
  constexpr int kThreads = 4;
  constexpr int kTasks = 10'000;
  std::vector<int> next(kThreads);
  int left = kThreads * kTasks;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kTasks; ++i) {
        loop().Post([&, thread, i] {
          EXPECT_EQ(next[thread]++, i);
          if (--left == 0) loop().Stop();
        });
        // Lets the loop go to sleep now and then, so that it has to be woken.
        if (i % 100 == 0) std::this_thread::yield();
      }
    });
  }
  loop().Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(left, 0);
}

TEST_P(EventLoopContract, AnIdleLoopWakesForEveryPost) {
  if (simulated()) GTEST_SKIP() << "one thread only";
  std::atomic<int> seen = 0;
  std::thread poster([&] {
    for (int i = 1; i <= 1000; ++i) {
      loop().Post([&] {
        ++seen;
        seen.notify_one();
      });
      for (int now = seen; now < i; now = seen) seen.wait(now);
    }
    loop().Stop();
  });
  loop().Run();
  poster.join();
  EXPECT_EQ(seen, 1000);
}

TEST_P(EventLoopContract, TimersRunByTimeAndThenInTheOrderMade) {
  std::string order;
  loop().After(absl::Milliseconds(6), [&] {
    order += 'd';
    loop().Stop();
  });
  loop().After(absl::Milliseconds(2), [&] { order += 'b'; });
  loop().After(absl::ZeroDuration(), [&] { order += 'a'; });
  loop().After(absl::Milliseconds(4), [&] { order += 'c'; });
  const MonotonicTime start = loop().clock().Monotonic();
  loop().Run();
  EXPECT_EQ(order, "abcd");
  EXPECT_GE(loop().clock().Monotonic() - start, absl::Milliseconds(5));
}

TEST_P(EventLoopContract, CancelledTimersDoNotRun) {
  bool ran = false;
  const TimerId before = loop().After(absl::ZeroDuration(), [&] { ran = true; });
  EXPECT_NE(before, 0);
  TimerId later = 0;
  TimerId self = 0;
  later = loop().After(absl::Milliseconds(2), [&] { ran = true; });
  self = loop().After(absl::Milliseconds(1), [&] {
    loop().Cancel(later);
    loop().Cancel(self);
    loop().Cancel(0);
    loop().After(absl::Milliseconds(3), [&] { loop().Stop(); });
  });
  loop().Cancel(before);
  loop().Run();
  EXPECT_FALSE(ran);
}

TEST_P(EventLoopContract, ATimerThatRenewsItselfStarvesNobody) {
  int rounds = 0;
  absl::AnyInvocable<void()> renew = [&] {
    ++rounds;
    loop().After(absl::ZeroDuration(), [&] { renew(); });
  };
  renew();
  loop().Post([&] { loop().Post([&] { loop().Stop(); }); });
  loop().Run();
  EXPECT_GE(rounds, 1);
}

TEST_P(EventLoopContract, AnInfiniteDelayNeverComes) {
  loop().After(absl::InfiniteDuration(), [] { FAIL(); });
  loop().After(absl::Milliseconds(1), [&] { loop().Stop(); });
  loop().Run();
}

TEST_P(EventLoopContract, OffloadHandsTheResultToTheLoopsThread) {
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id worker;
  std::thread::id callback;
  const absl::Status result = Await([&](IoCallback done) {
    loop().Offload(
        [&] {
          worker = std::this_thread::get_id();
          return absl::DataLossError("found");
        },
        [&, done = std::move(done)](absl::Status status) mutable {
          callback = std::this_thread::get_id();
          std::move(done)(std::move(status));
        });
  });
  EXPECT_EQ(result, absl::DataLossError("found"));
  EXPECT_EQ(callback, here);
  EXPECT_EQ(worker == here, simulated());
}

TEST_P(EventLoopContract, WhatOffloadedWorkOwnsIsGoneBeforeItsCallback) {
  // Slow to go, so that a callback which does not wait for it is seen to come too early.
  struct Slow {
    std::atomic<bool>* gone;
    ~Slow() {
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
      while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
      *gone = true;
    }
  };
  std::atomic<bool> gone = false;
  std::unique_ptr<Slow> owned(new Slow{&gone});
  loop().Offload([owned = std::move(owned)] { return absl::OkStatus(); },
                 [&](absl::Status) {
                   EXPECT_TRUE(gone);
                   loop().Stop();
                 });
  loop().Run();
}

TEST_P(EventLoopContract, StopWaitsForWhatIsInFlight) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 64 << 10);
  const AlignedBuffer data = Filled(4096, 's');
  int done = 0;
  bool posted_ran = false;
  bool timer_ran = false;
  loop().Post([&] {
    loop().After(absl::ZeroDuration(), [&] { timer_ran = true; });
    loop().Stop();
    loop().Post([&] { posted_ran = true; });
    for (uint64_t block = 0; block < 16; ++block) {
      loop().WriteDurably(
          *file, FilePosition{block * kBlockBytes}, data.span(), [&](absl::Status status) {
            EXPECT_TRUE(status.ok()) << status;
            ++done;
            // What a callback begins is waited for, too.
            loop().Offload([] { return absl::OkStatus(); }, [&](absl::Status) { ++done; });
          });
    }
  });
  loop().Run();
  EXPECT_EQ(done, 32);
  EXPECT_FALSE(posted_ran);
  EXPECT_FALSE(timer_ran);
}

TEST_P(EventLoopContract, PostsBeforeStopRunAndLaterOnesAreDestroyed) {
  bool ran = false;
  loop().Post([&] { ran = true; });
  loop().Stop();
  auto owned = std::make_shared<int>(7);
  std::weak_ptr<int> alive = owned;
  loop().Post([owned = std::move(owned)] { FAIL(); });
  EXPECT_TRUE(alive.expired());
  loop().Run();
  EXPECT_TRUE(ran);
}

TEST_P(EventLoopContract, ALoopThatNeverRanRunsNothing) {
  std::unique_ptr<File> file = Create(OpenMode::kCreateDirect, 4096);
  const AlignedBuffer data = Filled(4096, 'n');
  auto owned = std::make_shared<int>(7);
  std::weak_ptr<int> alive = owned;
  loop().WriteDurably(*file, FilePosition{0}, data.span(), [owned](absl::Status) { FAIL(); });
  loop().Post([owned] { FAIL(); });
  loop().After(absl::ZeroDuration(), [owned] { FAIL(); });
  owned.reset();
  backend_->DestroyLoop();
  // The POSIX loop's threads may still be about to give theirs up.
  EXPECT_TRUE(alive.expired() || GetParam() == BackendKind::kPosix);
}

INSTANTIATE_TEST_SUITE_P(All, EventLoopContract,
                         testing::Values(BackendKind::kUring, BackendKind::kPosix,
                                         BackendKind::kSimulated),
                         [](const auto& info) { return BackendName(info.param); });

}  // namespace
}  // namespace leat::io
