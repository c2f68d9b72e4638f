#include "storage/record/compression.h"

#include <lz4frame.h>
#include <zstd.h>

#include <memory>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/record/error.h"
#include "storage/record/little_endian.h"

namespace leat::record {
namespace {

constexpr uint32_t kZstdMagic = 0xfd2fb528;
constexpr uint32_t kLz4Magic = 0x184d2204;

struct Lz4ContextDeleter {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

absl::Status BadFrame(std::string_view what) {
  return MakeError(Reason::kInvalidRecords, fmt::format("compressed records: {}", what),
                   {{"detail", std::string(what)}});
}

// Both libraries pass over frames of other kinds (skippable ones, old formats) in silence.
bool StartsWith(std::string_view bytes, uint32_t magic) {
  return bytes.size() >= sizeof(magic) && LoadLittleEndian<uint32_t>(bytes.data()) == magic;
}

absl::StatusOr<std::string> CompressZstd(std::string_view bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size))
    return absl::InternalError(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  frame.resize(size);
  return frame;
}

absl::StatusOr<std::string> CompressLz4(std::string_view bytes) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.contentSize = bytes.size();
  std::string frame(LZ4F_compressFrameBound(bytes.size(), &preferences), '\0');
  const size_t size =
      LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), &preferences);
  if (LZ4F_isError(size))
    return absl::InternalError(fmt::format("lz4: {}", LZ4F_getErrorName(size)));
  frame.resize(size);
  return frame;
}

absl::StatusOr<std::string> DecompressZstd(std::string_view bytes, uint32_t uncompressed_bytes) {
  if (!StartsWith(bytes, kZstdMagic)) return BadFrame("not a zstd frame");
  const size_t frame_bytes = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  if (ZSTD_isError(frame_bytes))
    return BadFrame(fmt::format("zstd: {}", ZSTD_getErrorName(frame_bytes)));
  if (frame_bytes != bytes.size()) return BadFrame("bytes after the zstd frame");
  const unsigned long long told = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (told == ZSTD_CONTENTSIZE_ERROR) return BadFrame("zstd frame header is damaged");
  if (told != ZSTD_CONTENTSIZE_UNKNOWN && told != uncompressed_bytes)
    return BadFrame("the size is not as told");

  std::string content(uncompressed_bytes, '\0');
  const size_t size = ZSTD_decompress(content.data(), content.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return BadFrame(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  if (size != uncompressed_bytes) return BadFrame("the size is not as told");
  return content;
}

absl::StatusOr<std::string> DecompressLz4(std::string_view bytes, uint32_t uncompressed_bytes) {
  if (!StartsWith(bytes, kLz4Magic)) return BadFrame("not an lz4 frame");
  LZ4F_dctx* raw_context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw_context, LZ4F_VERSION))) {
    return absl::InternalError("lz4: no decompression context");
  }
  const std::unique_ptr<LZ4F_dctx, Lz4ContextDeleter> context(raw_context);

  std::string content(uncompressed_bytes, '\0');
  size_t written = 0;
  while (true) {
    size_t step_written = content.size() - written;
    size_t step_read = bytes.size();
    const size_t hint = LZ4F_decompress(context.get(), content.data() + written, &step_written,
                                        bytes.data(), &step_read,
                                        /*dOptPtr=*/nullptr);
    if (LZ4F_isError(hint)) return BadFrame(fmt::format("lz4: {}", LZ4F_getErrorName(hint)));
    written += step_written;
    bytes.remove_prefix(step_read);
    if (hint == 0) break;
    if (step_written == 0 && step_read == 0)
      return BadFrame("lz4 frame is cut short, or longer than told");
  }
  if (!bytes.empty()) return BadFrame("bytes after the lz4 frame");
  if (written != uncompressed_bytes) return BadFrame("the size is not as told");
  return content;
}

}  // namespace

absl::StatusOr<std::string> Compress(Codec codec, std::string_view bytes) {
  switch (codec) {
    case Codec::kNone:
      return std::string(bytes);
    case Codec::kZstd:
      return CompressZstd(bytes);
    case Codec::kLz4:
      return CompressLz4(bytes);
  }
  return absl::InternalError(fmt::format("unknown codec {}", static_cast<int>(codec)));
}

absl::StatusOr<std::string> Decompress(Codec codec, std::string_view bytes,
                                       uint32_t uncompressed_bytes) {
  switch (codec) {
    case Codec::kNone:
      if (bytes.size() != uncompressed_bytes) return BadFrame("the size is not as told");
      return std::string(bytes);
    case Codec::kZstd:
      return DecompressZstd(bytes, uncompressed_bytes);
    case Codec::kLz4:
      return DecompressLz4(bytes, uncompressed_bytes);
  }
  return BadFrame("unknown codec");
}

}  // namespace leat::record
