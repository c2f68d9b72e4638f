// Puts right the checksums of bytes that a fuzzer changed, so that it gets past them to what they
// protect: no mutation hits a CRC-32C.
//
// Places as in docs/disk_format.md. Bytes that are too short for what they should be stay as they
// are.

#ifndef LEAT_TESTS_FUZZ_REPAIR_H_
#define LEAT_TESTS_FUZZ_REPAIR_H_

#include <cstddef>
#include <string>

namespace leat::fuzz {

// The batch header at `at`.
void RepairBatchHeader(std::string& bytes, size_t at = 0);

// What begins with a magic of 8 bytes and a checksum of bytes 12 to `end`: segment header (`end` is
// 128) and checkpoint (its size).
void RepairEnvelope(std::string& bytes, size_t end);

// The frame at `at`: payloads, batch headers, headers.
void RepairFrame(std::string& bytes, size_t at = 0);

// The footer at `at`, and its trailer at the end of `bytes`.
void RepairFooter(std::string& bytes, size_t at = 0);

// A whole segment: its header, every frame and footer on a block boundary; each frame then names
// the checksum of the one before.
void RepairSegment(std::string& bytes);

}  // namespace leat::fuzz

#endif  // LEAT_TESTS_FUZZ_REPAIR_H_
