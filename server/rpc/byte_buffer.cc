#include "server/rpc/byte_buffer.h"

#include <grpcpp/support/slice.h>

#include <string_view>
#include <utility>
#include <vector>

namespace leat::rpc {
namespace {

// Smaller pieces are copied: a reference costs more, and gRPC's and Abseil's smallest ones lie
// inside the objects that name them.
constexpr size_t kMinSharedBytes = 512;

void Append(grpc::Slice slice, absl::Cord& cord) {
  const absl::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  if (bytes.size() < kMinSharedBytes) {
    cord.Append(bytes);
  } else {
    cord.Append(absl::MakeCordFromExternal(bytes, [slice = std::move(slice)] {}));
  }
}

void Forget(void* cord) { delete static_cast<absl::Cord*>(cord); }

}  // namespace

absl::Cord TakeCord(grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  absl::Cord cord;
  if (buffer.Dump(&slices).ok()) {
    for (grpc::Slice& slice : slices) Append(std::move(slice), cord);
  }
  buffer.Clear();
  return cord;
}

grpc::ByteBuffer ToByteBuffer(const absl::Cord& bytes) {
  std::vector<grpc::Slice> slices;
  for (const absl::string_view chunk : bytes.Chunks()) {
    if (chunk.size() < kMinSharedBytes) {
      slices.emplace_back(chunk.data(), chunk.size());
    } else {
      slices.emplace_back(const_cast<char*>(chunk.data()), chunk.size(), Forget,
                          new absl::Cord(bytes));
    }
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

std::string_view FlatView(absl::Cord& bytes) {
  const absl::string_view view = bytes.Flatten();
  return {view.data(), view.size()};
}

}  // namespace leat::rpc
