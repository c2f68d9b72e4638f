#include "server/rpc/owned_payload.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/record/batch.h"

namespace leat::rpc {
namespace {

// A step is still in the cache when its checksum is computed.
constexpr size_t kStepBytes = 32 << 10;

// What fits into a cord's own node is cheaper there.
constexpr size_t kSmallBytes = 512;

}  // namespace

OwnedPayload CopyPayload(const absl::Cord& bytes) {
  // Not a string or a vector: they would write zeros first.
  std::unique_ptr<char[]> copy(new char[bytes.size()]);
  char* to = copy.get();
  OwnedPayload result;
  for (absl::string_view chunk : bytes.Chunks()) {
    while (!chunk.empty()) {
      const size_t step = std::min(chunk.size(), kStepBytes);
      std::memcpy(to, chunk.data(), step);
      result.crc32c = record::Crc32c(std::string_view(to, step), result.crc32c);
      to += step;
      chunk.remove_prefix(step);
    }
  }
  const absl::string_view view(copy.get(), bytes.size());
  result.bytes = view.size() < kSmallBytes
                     ? absl::Cord(view)
                     : absl::MakeCordFromExternal(view, [copy = std::move(copy)] {});
  return result;
}

}  // namespace leat::rpc
