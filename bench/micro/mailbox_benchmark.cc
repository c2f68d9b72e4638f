// Tasks for a loop's thread: left there by itself and by two threads at once, and the way there and
// back between two that sleep.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "storage/io/mailbox.h"

namespace leat::bench {
namespace {

constexpr int kTasks = 100;

std::shared_ptr<io::Mailbox> MakeMailbox() {
  absl::StatusOr<std::shared_ptr<io::Mailbox>> mailbox = io::Mailbox::Create();
  if (!mailbox.ok()) std::abort();
  return *std::move(mailbox);
}

// Runs what has come in; the number of tasks.
int64_t RunAll(io::Mailbox& mailbox, std::vector<io::Task>& tasks) {
  tasks.clear();
  mailbox.Take(tasks);
  for (io::Task& task : tasks) std::move(task)();
  return static_cast<int64_t>(tasks.size());
}

// Sleeps until there is something, as a loop does.
void Sleep(io::Mailbox& mailbox) {
  uint64_t count = 0;
  if (mailbox.PrepareToSleep() &&
      read(mailbox.wake_descriptor(), &count, sizeof(count)) != sizeof(count)) {
    std::abort();
  }
}

void BM_MailboxPostAndRun(benchmark::State& state) {
  const std::shared_ptr<io::Mailbox> mailbox = MakeMailbox();
  std::vector<io::Task> tasks;
  int64_t sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < kTasks; ++i) mailbox->Post([&sum] { ++sum; });
    RunAll(*mailbox, tasks);
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * kTasks);
}
BENCHMARK(BM_MailboxPostAndRun);

// What a thread pays for a task while another leaves tasks too and a third runs them.
void BM_MailboxPostFromTwo(benchmark::State& state) {
  static std::shared_ptr<io::Mailbox> mailbox = MakeMailbox();
  static std::atomic<int64_t> posted = 0;
  static std::atomic<int64_t> ran = 0;
  std::thread loop;
  std::atomic<bool> stop = false;
  if (state.thread_index() == 0) {
    loop = std::thread([&stop] {
      std::vector<io::Task> tasks;
      while (!stop || ran < posted) ran += RunAll(*mailbox, tasks);
    });
  }
  for (auto _ : state) {
    ++posted;
    mailbox->Post([] {});
  }
  if (state.thread_index() == 0) {
    stop = true;
    loop.join();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_MailboxPostFromTwo)->Threads(2)->UseRealTime();

// Each wakes the other: two system calls and two wake-ups a round.
void BM_MailboxRoundTrip(benchmark::State& state) {
  const std::shared_ptr<io::Mailbox> there = MakeMailbox();
  const std::shared_ptr<io::Mailbox> back = MakeMailbox();
  std::thread loop([&there] {
    std::vector<io::Task> tasks;
    while (!there->closed()) {
      Sleep(*there);
      RunAll(*there, tasks);
    }
  });
  std::vector<io::Task> tasks;
  for (auto _ : state) {
    there->Post([&back] { back->Post([] {}); });
    do Sleep(*back);
    while (RunAll(*back, tasks) == 0);
  }
  there->Close();
  loop.join();
}
BENCHMARK(BM_MailboxRoundTrip)->UseRealTime();

}  // namespace
}  // namespace leat::bench
