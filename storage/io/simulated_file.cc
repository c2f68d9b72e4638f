#include "storage/io/simulated_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/alignment.h"
#include "storage/io/check.h"

namespace leat::io {
namespace {

bool IsWritable(OpenMode mode) { return mode != OpenMode::kRead && mode != OpenMode::kReadDirect; }

bool WantsDirect(OpenMode mode) {
  return mode == OpenMode::kReadDirect || mode == OpenMode::kReadWriteDirect ||
         mode == OpenMode::kCreateDirect;
}

absl::Status ReadBytes(const SimulatedBytes& bytes, const std::string& path, FilePosition position,
                       absl::Span<char> data) {
  if (position.bytes > bytes.size() || data.size() > bytes.size() - position.bytes) {
    return absl::OutOfRangeError(absl::StrCat("read ", path, ": past the end of the file"));
  }
  bytes.Read(position.bytes, data);
  return absl::OkStatus();
}

}  // namespace

SimulatedFile::SimulatedFile(SimulatedFileSystem& disk, std::shared_ptr<SimulatedBytes> bytes,
                             std::string path, OpenMode mode)
    : disk_(disk),
      bytes_(std::move(bytes)),
      path_(std::move(path)),
      writable_(IsWritable(mode)),
      direct_(WantsDirect(mode) && disk.options_.direct_io) {}

absl::Status SimulatedFile::BeginWrite(OperationKind kind, FilePosition position, uint64_t length) {
  if (!writable_) {
    return absl::InternalError(absl::StrCat("simulated ", path_, ": EBADF (opened for reading)"));
  }
  return disk_.Begin(kind, path_, position, length);
}

SimulatedFile::Finish SimulatedFile::BeginDurableWrite(FilePosition position,
                                                       absl::Span<const char> data) {
  absl::Status refused = CheckAlignment(*this, position, data.data(), data.size());
  if (!refused.ok()) return [refused] { return refused; };
  absl::Status fault = BeginWrite(OperationKind::kWriteDurably, position, data.size());
  if (!writable_) return [fault] { return fault; };
  const uint64_t write = bytes_->BeginDurableWrite(position.bytes, data);
  return [bytes = bytes_, write, data, fault, seed = disk_.random_()] {
    LEAT_CHECK(bytes->IsDurableWrite(write, data));  // Not to be changed before it is done.
    if (fault.ok()) {
      bytes->FinishDurableWrite(write);
    } else {
      SimulatedRandom random(seed);
      bytes->FailDurableWrite(write, random);
    }
    return fault;
  };
}

SimulatedFile::Finish SimulatedFile::BeginRead(FilePosition position, absl::Span<char> data) {
  absl::Status refused = CheckAlignment(*this, position, data.data(), data.size());
  if (refused.ok()) refused = disk_.Begin(OperationKind::kRead, path_, position, data.size());
  if (!refused.ok()) return [refused] { return refused; };
  return [bytes = bytes_, path = path_, position, data] {
    return ReadBytes(*bytes, path, position, data);
  };
}

absl::Status SimulatedFile::ReadAt(FilePosition position, absl::Span<char> data) const {
  absl::Status begun = CheckAlignment(*this, position, data.data(), data.size());
  if (begun.ok()) begun = disk_.Begin(OperationKind::kRead, path_, position, data.size());
  return begun.ok() ? ReadBytes(*bytes_, path_, position, data) : begun;
}

absl::Status SimulatedFile::WriteAt(FilePosition position, absl::Span<const char> data) {
  absl::Status refused = CheckAlignment(*this, position, data.data(), data.size());
  if (!refused.ok()) return refused;
  absl::Status fault = BeginWrite(OperationKind::kWrite, position, data.size());
  if (!writable_) return fault;
  const uint64_t end = position.bytes + data.size();
  absl::Status room = disk_.CheckRoom(path_, bytes_->size(), end);
  if (!room.ok()) return room;
  if (!fault.ok()) {
    // A part of it is written all the same.
    data = data.subspan(0, data.empty() ? 0 : disk_.random_() % data.size());
  }
  bytes_->Write(position.bytes, data);
  return fault;
}

absl::Status SimulatedFile::Sync() {
  absl::Status fault = disk_.Begin(OperationKind::kSync, path_);
  if (fault.ok()) {
    bytes_->Sync();
  } else {
    bytes_->FailSync(disk_.random_);
  }
  return fault;
}

absl::Status SimulatedFile::Allocate(FilePosition position, uint64_t length) {
  absl::Status begun = BeginWrite(OperationKind::kAllocate, position, length);
  const uint64_t end = position.bytes + length;
  if (begun.ok()) begun = disk_.CheckRoom(path_, bytes_->size(), end);
  if (begun.ok() && end > bytes_->size()) bytes_->Resize(end);
  return begun;
}

absl::Status SimulatedFile::Truncate(uint64_t size) {
  absl::Status begun = BeginWrite(OperationKind::kTruncate, FilePosition{size}, 0);
  if (begun.ok()) begun = disk_.CheckRoom(path_, bytes_->size(), size);
  if (begun.ok()) bytes_->Resize(size);
  return begun;
}

}  // namespace leat::io
