// Whether ranges of offsets fill one range exactly, without a gap and without overlap, in whatever
// order they come, from however many producers: in constant memory.
//
// Each end of a range is hashed, the upper one added and the lower one subtracted. Where ranges
// meet the two cancel, so that of a whole tiling only its outer ends are left; anything else leaves
// them but for a chance of 1 in 2^64. One thread at a time.

#ifndef LEAT_BENCH_LOAD_OFFSET_TILING_H_
#define LEAT_BENCH_LOAD_OFFSET_TILING_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace leat::bench {

class OffsetTiling {
 public:
  explicit OffsetTiling(uint32_t partition_count) : partitions_(partition_count) {}

  // Records [base, base + count) of a partition are there. False when there is no such partition.
  bool Add(uint32_t partition, int64_t base, uint64_t count) {
    if (partition >= partitions_.size()) return false;
    partitions_[partition].edges += Hash(base + static_cast<int64_t>(count)) - Hash(base);
    partitions_[partition].records += count;
    return true;
  }

  void Merge(const OffsetTiling& other) {
    for (size_t i = 0; i < partitions_.size(); ++i) {
      partitions_[i].edges += other.partitions_[i].edges;
      partitions_[i].records += other.partitions_[i].records;
    }
  }

  uint64_t records(uint32_t partition) const { return partitions_[partition].records; }

  // DATA_LOSS unless what was added of the partition fills [from, to).
  absl::Status Check(uint32_t partition, int64_t from, int64_t to) const {
    const Partition& got = partitions_[partition];
    if (got.records == static_cast<uint64_t>(to - from) && got.edges == Hash(to) - Hash(from)) {
      return absl::OkStatus();
    }
    return absl::DataLossError(absl::StrCat("partition ", partition, " went from offset ", from,
                                            " to ", to, ", but the answers tell of ", got.records,
                                            " records that do not fill it exactly"));
  }

 private:
  struct Partition {
    uint64_t edges = 0;
    uint64_t records = 0;
  };

  // splitmix64.
  static uint64_t Hash(int64_t offset) {
    uint64_t z = static_cast<uint64_t>(offset) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::vector<Partition> partitions_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_OFFSET_TILING_H_
