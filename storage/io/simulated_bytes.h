// The bytes of one simulated file: as a reader sees them, and what a power cut may make of them.
//
// Private to storage/io; shared by a directory tree and the open files; one thread. The unit is a
// sector of 512 bytes. A sector is durable as it last was when a flush covered it. Each content
// written to it since is one that a power cut may leave behind, as it may the durable one, or
// garbage.

#ifndef LEAT_STORAGE_IO_SIMULATED_BYTES_H_
#define LEAT_STORAGE_IO_SIMULATED_BYTES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace leat::io {

// The same numbers on every machine for one seed; the standard's distributions are not, so draw
// with `%`.
using SimulatedRandom = std::mt19937_64;

class SimulatedBytes {
 public:
  static constexpr size_t kSectorBytes = 512;

  uint64_t size() const { return size_; }

  // The range lies inside the file.
  void Read(uint64_t position, absl::Span<char> data) const;

  // The file grows if need be.
  void Write(uint64_t position, absl::Span<const char> data);
  void Resize(uint64_t size);

  // Bytes and size are durable afterwards.
  void Sync();

  // A flush that failed: some sectors were flushed, the others never will be, however often `Sync`
  // is called, while readers go on seeing them. This is what Linux does.
  void FailSync(SimulatedRandom& random);

  // A flushed write, not yet seen by readers. The range lies inside the file and touches no other
  // write in flight.
  uint64_t BeginDurableWrite(uint64_t position, absl::Span<const char> data);
  // Whether `data` still is what that write was begun with.
  bool IsDurableWrite(uint64_t write, absl::Span<const char> data) const;
  // Exactly its bytes are durable afterwards.
  void FinishDurableWrite(uint64_t write);
  // Some of its sectors were written, and some of those flushed: all that a short write got done,
  // or any.
  void FailDurableWrite(uint64_t write, SimulatedRandom& random);
  // Writes and flushes exactly these bytes. The range lies inside the file.
  void WriteDurably(uint64_t position, absl::Span<const char> data);

  // Turns the bits of `mask` in one byte, for readers and on the medium. `position` lies inside the
  // file.
  void Corrupt(uint64_t position, uint8_t mask);

  // What is there after a power cut: sectors not flushed kept, dropped or garbage, each by itself,
  // the same for those of writes in flight; a size not synced is any since the last sync.
  std::shared_ptr<SimulatedBytes> AfterPowerCut(SimulatedRandom& random) const;

  // What is there after the process alone died: all but the writes in flight and what a failed
  // flush has lost. What was not synced still is not.
  std::shared_ptr<SimulatedBytes> AfterKill() const;

 private:
  using Sector = std::array<char, kSectorBytes>;
  using SectorRef = std::shared_ptr<const Sector>;  // Null: zeros.
  using Image = absl::flat_hash_map<uint64_t, SectorRef>;

  struct Unsynced {
    std::vector<SectorRef> contents;  // In the order written.
    // Not after a flush of a part of the sector, whose bytes must survive.
    bool may_be_garbage = true;
  };

  struct DurableWrite {
    uint64_t position;
    std::string data;
  };

  static SectorRef Get(const Image& image, uint64_t sector);
  static SectorRef Patch(const SectorRef& base, size_t offset, absl::Span<const char> part);
  static SectorRef Garbage(SimulatedRandom& random);
  static void CutImage(Image& image, uint64_t size);

  void WriteSector(uint64_t sector, SectorRef content);
  void Grow(uint64_t size);
  void FlushPart(uint64_t sector, size_t offset, absl::Span<const char> part);
  void TearUnsynced(Image& image, SimulatedRandom& random) const;
  static void TearWrite(const DurableWrite& write, Image& image, SimulatedRandom& random);

  Image current_;  // As readers see it.
  Image durable_;
  std::map<uint64_t, Unsynced> unsynced_;
  std::map<uint64_t, DurableWrite> in_flight_;
  uint64_t size_ = 0;
  uint64_t durable_size_ = 0;
  std::vector<uint64_t> unsynced_sizes_;
  uint64_t next_write_ = 1;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_BYTES_H_
