#include "storage/record/compression.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <zstd.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/record/error.h"

namespace leat::record {
namespace {

std::string Text(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i)
    text += "the mill stream, line " + std::to_string(i) + "\n";
  text.resize(bytes);
  return text;
}

std::string Noise(size_t bytes) {
  std::mt19937_64 random(1);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

std::string Frame(Codec codec, std::string_view bytes) {
  absl::StatusOr<std::string> frame = Compress(codec, bytes);
  EXPECT_TRUE(frame.ok()) << frame.status();
  return *std::move(frame);
}

// A frame that does not tell the size of its content.
std::string FrameWithoutSize(Codec codec, std::string_view bytes) {
  std::string frame(1000 + 2 * bytes.size(), '\0');
  if (codec == Codec::kLz4) {
    frame.resize(
        LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), nullptr));
    return frame;
  }
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  frame.resize(
      ZSTD_compress2(context.get(), frame.data(), frame.size(), bytes.data(), bytes.size()));
  return frame;
}

// The same bytes as `Decompress` is given, at the end of an allocation, so that a sanitizer sees
// any step too far.
absl::StatusOr<std::string> DecompressExact(Codec codec, std::string_view bytes, uint32_t told) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return Decompress(codec, std::string_view(exact.data(), exact.size()), told);
}

void ExpectRefused(Codec codec, std::string_view bytes, uint32_t told) {
  const absl::StatusOr<std::string> result = DecompressExact(codec, bytes, told);
  EXPECT_EQ(ReasonOf(result.status()), Reason::kInvalidRecords) << result.status();
}

class CompressionTest : public testing::TestWithParam<Codec> {};

TEST_P(CompressionTest, GivesBackWhatItWasGiven) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), Text(300), Text(3 << 20), Noise(1 << 20)}) {
    const absl::StatusOr<std::string> back =
        DecompressExact(GetParam(), Frame(GetParam(), bytes), bytes.size());
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_TRUE(*back == bytes);
  }
}

TEST_P(CompressionTest, SizesThatLieAreRefused) {
  const std::string text = Text(10'000);
  const std::string frame = Frame(GetParam(), text);
  for (const uint32_t told : {0u, 1u, 9'999u, 10'001u, 1u << 20})
    ExpectRefused(GetParam(), frame, told);
}

TEST_P(CompressionTest, BytesAfterTheEndAreRefused) {
  const std::string text = Text(10'000);
  const std::string frame = Frame(GetParam(), text);
  ExpectRefused(GetParam(), frame + '\0', 10'000);
  ExpectRefused(GetParam(), frame + "trailing bytes", 10'000);
}

INSTANTIATE_TEST_SUITE_P(Codecs, CompressionTest,
                         testing::Values(Codec::kNone, Codec::kZstd, Codec::kLz4));

class FrameTest : public testing::TestWithParam<Codec> {};

TEST_P(FrameTest, MakesTextSmaller) { EXPECT_LT(Frame(GetParam(), Text(100'000)).size(), 50'000u); }

TEST_P(FrameTest, NeedNotTellItsSize) {
  const std::string text = Text(100'000);
  const std::string frame = FrameWithoutSize(GetParam(), text);
  const absl::StatusOr<std::string> back = DecompressExact(GetParam(), frame, text.size());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(*back == text);
  for (const uint32_t told : {0u, 99'999u, 100'001u}) ExpectRefused(GetParam(), frame, told);
}

TEST_P(FrameTest, CutShortAnywhereIsRefused) {
  const std::string frame = Frame(GetParam(), Text(1'000));
  for (size_t size = 0; size < frame.size(); ++size) {
    ExpectRefused(GetParam(), std::string_view(frame).substr(0, size), 1'000);
  }
}

TEST_P(FrameTest, OnlyOneIsTaken) {
  const std::string text = Text(1'000);
  const std::string frame = Frame(GetParam(), text);
  ExpectRefused(GetParam(), frame + frame, 2'000);
  ExpectRefused(GetParam(), frame + frame, 1'000);
  ExpectRefused(GetParam(), frame + Frame(GetParam(), ""), 1'000);
}

TEST_P(FrameTest, SkippableFramesAreRefused) {
  const std::string skippable(
      "\x50\x2a\x4d\x18\x03\x00\x00\x00"
      "abc",
      11);
  const std::string frame = Frame(GetParam(), Text(1'000));
  ExpectRefused(GetParam(), skippable, 0);
  ExpectRefused(GetParam(), skippable + frame, 1'000);
  ExpectRefused(GetParam(), frame + skippable, 1'000);
}

TEST_P(FrameTest, OfAnotherCodecIsRefused) {
  const Codec other = GetParam() == Codec::kZstd ? Codec::kLz4 : Codec::kZstd;
  ExpectRefused(GetParam(), Frame(other, Text(1'000)), 1'000);
  ExpectRefused(GetParam(), Text(1'000), 1'000);
}

// A small frame that would become 64 MiB.
TEST_P(FrameTest, ABombIsRefused) {
  const std::string zeros(64 << 20, '\0');
  for (const std::string& bomb : {Frame(GetParam(), zeros), FrameWithoutSize(GetParam(), zeros)}) {
    ExpectRefused(GetParam(), bomb, 1 << 20);
    ExpectRefused(GetParam(), bomb, 0);
  }
}

TEST_P(FrameTest, DamageIsRefusedOrGivesTheToldSize) {
  std::mt19937_64 random(7);
  const std::string text = Text(5'000);
  const std::string whole = Frame(GetParam(), text);
  for (int i = 0; i < 5'000; ++i) {
    std::string frame = whole;
    for (uint64_t n = 1 + random() % 3; n > 0; --n)
      frame[random() % frame.size()] = static_cast<char>(random());
    const absl::StatusOr<std::string> result = DecompressExact(GetParam(), frame, text.size());
    if (result.ok()) {
      EXPECT_EQ(result->size(), text.size());
    } else {
      EXPECT_EQ(ReasonOf(result.status()), Reason::kInvalidRecords) << result.status();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, FrameTest, testing::Values(Codec::kZstd, Codec::kLz4));

}  // namespace
}  // namespace leat::record
