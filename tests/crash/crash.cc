// Cuts the power of a simulated server again and again, and looks for lost, invented and reordered
// records.
//
//   ./dev crash --images 100000 --seed 7
//
// Image after image is a disk as a power cut may leave it; see run.h. Runs have their own
// processes, so that a crash of the server is a finding too. Exits with 1 when anything was wrong,
// and says how to see it again.

#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "tests/crash/run.h"

namespace leat::crash {
namespace {

struct Flags {
  uint64_t images = 5'000;
  uint64_t seed = 1;
  uint64_t images_per_run = 500;
  uint64_t images_per_change = 1;
  uint64_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

// What the processes of runs tell the one that started them.
struct Shared {
  std::atomic<uint64_t> images{0};
  std::atomic<uint64_t> image_of_job[256] = {};
};

class Prover {
 public:
  explicit Prover(const Flags& flags)
      : flags_(flags), runs_((flags.images + flags.images_per_run - 1) / flags.images_per_run) {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    shared_ = new (memory) Shared;
  }

  int Prove() {
    fmt::print("{} images in {} runs, seeds {} to {}\n", flags_.images, runs_, flags_.seed,
               flags_.seed + runs_ - 1);
    for (uint64_t job = 0; job < flags_.jobs; ++job) StartRun(job);
    while (!running_.empty()) {
      AwaitOne();
      Report();
    }
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begin_);
    const uint64_t images = shared_->images;
    fmt::print("{} images checked in {:.0f} s ({:.0f} a second), {} lost\n", images, seconds,
               static_cast<double>(images) / seconds, lost_);
    return lost_ == 0 ? 0 : 1;
  }

 private:
  struct Job {
    uint64_t number = 0;
    uint64_t run = 0;
  };

  void StartRun(uint64_t job) {
    if (next_run_ == runs_ || lost_ > 0) return;
    const uint64_t run = next_run_++;
    std::fflush(stdout);
    const pid_t process = fork();
    if (process < 0) std::abort();
    if (process == 0) std::_Exit(LiveRun(job, run));
    running_[process] = {job, run};
  }

  // In a process of its own.
  int LiveRun(uint64_t job, uint64_t run) {
    const uint64_t before = run * flags_.images_per_run;
    absl::Status lived = Run({.seed = flags_.seed + run,
                              .images = std::min(flags_.images_per_run, flags_.images - before),
                              .images_per_change = flags_.images_per_change,
                              .progress =
                                  [&](uint64_t image) {
                                    shared_->image_of_job[job] = image;
                                    ++shared_->images;
                                  }})
                             .Live();
    if (lived.ok()) return 0;
    fmt::print(stderr, "{}\n", lived.ToString());
    return 1;
  }

  void AwaitOne() {
    int status = 0;
    const pid_t process = waitpid(-1, &status, 0);
    const Job job = running_.extract(process).mapped();
    if (status != 0) {
      ++lost_;
      const uint64_t image = shared_->image_of_job[job.number];
      const uint64_t seed = flags_.seed + job.run;
      if (WIFSIGNALED(status)) fmt::print(stderr, "ended by signal {}\n", WTERMSIG(status));
      fmt::print(stderr, "image {} of seed {}; again: ./dev crash --seed {} --images {}\n", image,
                 seed, seed, image + 2);
    }
    StartRun(job.number);
  }

  void Report() {
    const absl::Time now = absl::Now();
    if (now - last_report_ < absl::Seconds(5)) return;
    last_report_ = now;
    fmt::print("{} images, {} lost\n", shared_->images.load(), lost_);
    std::fflush(stdout);
  }

  const Flags flags_;
  const uint64_t runs_;
  const absl::Time begin_ = absl::Now();
  absl::Time last_report_ = begin_;
  Shared* shared_ = nullptr;
  std::map<pid_t, Job> running_;
  uint64_t next_run_ = 0;
  uint64_t lost_ = 0;
};

// The order in which hash maps are walked depends on addresses: with the same addresses a run is
// the same each time. Where that is not allowed, nearly so.
void FixAddresses(char** arguments) {
  const int persona = personality(0xffffffff);
  if (persona < 0 || (persona & ADDR_NO_RANDOMIZE) != 0) return;
  if (personality(persona | ADDR_NO_RANDOMIZE) < 0) return;
  execv("/proc/self/exe", arguments);
}

}  // namespace
}  // namespace leat::crash

int main(int argc, char** argv) {
  leat::crash::FixAddresses(argv);
  leat::crash::Flags flags;
  CLI::App app("Cuts the power of a simulated server, and checks what is left on its disk.");
  app.add_option("--images", flags.images, "Disks to check")->capture_default_str();
  app.add_option("--seed", flags.seed, "Of the first run; the next has the next")
      ->capture_default_str();
  app.add_option("--images-per-run", flags.images_per_run, "Then a new run begins on an empty disk")
      ->capture_default_str();
  app.add_option("--images-per-change", flags.images_per_change, "At every change of the disk")
      ->capture_default_str();
  app.add_option("--jobs", flags.jobs, "Runs at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off);
  return leat::crash::Prover(flags).Prove();
}
