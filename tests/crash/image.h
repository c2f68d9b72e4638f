// One disk as a power cut may leave it: whether a server finds there what must be there.

#ifndef LEAT_TESTS_CRASH_IMAGE_H_
#define LEAT_TESTS_CRASH_IMAGE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/io/simulated_file_system.h"
#include "tests/crash/ledger.h"

namespace leat::crash {

// Cuts the power of `disk`, which is not changed, and checks what a server makes of the rest: all
// that was answered is there and nothing that was not asked for; a second recovery changes nothing;
// work goes on. All by `seed`. `elapsed`: on the server's clock since it was made.
absl::Status CheckImage(const io::SimulatedFileSystem& disk, const Ledger& ledger, uint64_t seed,
                        absl::Duration elapsed);

}  // namespace leat::crash

#endif  // LEAT_TESTS_CRASH_IMAGE_H_
