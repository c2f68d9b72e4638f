#include "storage/io/simulated_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/alignment.h"
#include "storage/io/check.h"

namespace leat::io {
namespace {

bool IsWritable(OpenMode mode) { return mode != OpenMode::kRead && mode != OpenMode::kReadDirect; }

bool WantsDirect(OpenMode mode) {
  return mode == OpenMode::kReadDirect || mode == OpenMode::kReadWriteDirect ||
         mode == OpenMode::kCreateDirect;
}

void FlipBit(absl::Span<char> data, SimulatedRandom& random) {
  const uint64_t bit = random() % (data.size() * 8);
  data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << bit % 8));
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

SimulatedFile::Verdict SimulatedFile::BeginWrite(OperationKind kind, FilePosition position,
                                                 uint64_t length) {
  if (!writable_) {
    return {absl::InternalError(absl::StrCat("simulated ", path_, ": EBADF (opened for reading)")),
            std::nullopt};
  }
  return disk_.BeginIo(kind, path_, position, length);
}

SimulatedFile::Written SimulatedFile::Falsify(SilentFault fault, FilePosition position,
                                              absl::Span<const char> data) {
  Written written{position, std::string(data.data(), data.size())};
  if (written.data.empty() || fault == SilentFault::kLostWrite) return {position, ""};
  if (fault == SilentFault::kFlippedBit) {
    FlipBit(absl::MakeSpan(written.data), disk_.random_);
    return written;
  }
  // Blocks trade places with blocks.
  const uint64_t unit = direct_ ? kBlockBytes : 1;
  const uint64_t places = bytes_->size() < data.size() ? 0 : (bytes_->size() - data.size()) / unit;
  if (places == 0) return {position, ""};
  const uint64_t place = disk_.random_() % places;
  const uint64_t own = position.bytes / unit;
  written.position.bytes = (place < own ? place : place + 1) * unit;
  return written;
}

SimulatedFile::Finish SimulatedFile::BeginDurableWrite(FilePosition position,
                                                       absl::Span<const char> data) {
  absl::Status refused = CheckAlignment(*this, position, data.data(), data.size());
  if (!refused.ok()) return [refused] { return refused; };
  const Verdict verdict = BeginWrite(OperationKind::kWriteDurably, position, data.size());
  absl::Status fault = verdict.error;
  if (!writable_) return [fault] { return fault; };
  if (verdict.silent.has_value()) {
    return [bytes = bytes_, written = Falsify(*verdict.silent, position, data)] {
      bytes->WriteDurably(written.position.bytes, written.data);
      return absl::OkStatus();
    };
  }
  const uint64_t write = bytes_->BeginDurableWrite(position.bytes, data);
  return [&disk = disk_, bytes = bytes_, write, data, fault, seed = disk_.random_()] {
    LEAT_CHECK(bytes->IsDurableWrite(write, data));  // Not to be changed before it is done.
    disk.BeforeChange();
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
  Verdict verdict{refused, std::nullopt};
  if (refused.ok()) verdict = disk_.BeginIo(OperationKind::kRead, path_, position, data.size());
  if (!verdict.error.ok()) return [error = verdict.error] { return error; };
  return [bytes = bytes_, path = path_, position, data, flips = verdict.silent.has_value(),
          seed = disk_.random_()] {
    absl::Status read = ReadBytes(*bytes, path, position, data);
    SimulatedRandom random(seed);
    if (read.ok() && flips && !data.empty()) FlipBit(data, random);
    return read;
  };
}

absl::Status SimulatedFile::ReadAt(FilePosition position, absl::Span<char> data) const {
  absl::Status refused = CheckAlignment(*this, position, data.data(), data.size());
  if (!refused.ok()) return refused;
  const Verdict verdict = disk_.BeginIo(OperationKind::kRead, path_, position, data.size());
  if (!verdict.error.ok()) return verdict.error;
  absl::Status read = ReadBytes(*bytes_, path_, position, data);
  if (read.ok() && verdict.silent.has_value() && !data.empty()) FlipBit(data, disk_.random_);
  return read;
}

absl::Status SimulatedFile::WriteAt(FilePosition position, absl::Span<const char> data) {
  absl::Status refused = CheckAlignment(*this, position, data.data(), data.size());
  if (!refused.ok()) return refused;
  const Verdict verdict = BeginWrite(OperationKind::kWrite, position, data.size());
  const absl::Status& fault = verdict.error;
  if (!writable_) return fault;
  const uint64_t end = position.bytes + data.size();
  absl::Status room = disk_.CheckRoom(path_, bytes_->size(), end);
  if (!room.ok()) return room;
  if (!fault.ok()) {
    // A part of it is written all the same.
    data = data.subspan(0, data.empty() ? 0 : disk_.random_() % data.size());
  }
  if (verdict.silent.has_value()) {
    const Written written = Falsify(*verdict.silent, position, data);
    if (!written.data.empty()) bytes_->Write(written.position.bytes, written.data);
    return absl::OkStatus();
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
  absl::Status begun = BeginWrite(OperationKind::kAllocate, position, length).error;
  const uint64_t end = position.bytes + length;
  if (begun.ok()) begun = disk_.CheckRoom(path_, bytes_->size(), end);
  if (begun.ok() && end > bytes_->size()) bytes_->Resize(end);
  return begun;
}

absl::Status SimulatedFile::Truncate(uint64_t size) {
  absl::Status begun = BeginWrite(OperationKind::kTruncate, FilePosition{size}, 0).error;
  if (begun.ok()) begun = disk_.CheckRoom(path_, bytes_->size(), size);
  if (begun.ok()) bytes_->Resize(size);
  return begun;
}

}  // namespace leat::io
