#include "cli/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace leat::cli {
namespace {

// A pipe that holds `input`.
class LineReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe2(input_, O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(stop_, O_CLOEXEC), 0);
  }
  ~LineReaderTest() override {
    if (writer_.joinable()) writer_.join();
    for (int descriptor : {input_[0], stop_[0], stop_[1]}) close(descriptor);
  }

  void Provide(std::string bytes) {
    writer_ = std::thread([this, bytes = std::move(bytes)] {
      size_t written = 0;
      while (written < bytes.size()) {
        const ssize_t count = write(input_[1], bytes.data() + written, bytes.size() - written);
        if (count <= 0) break;
        written += static_cast<size_t>(count);
      }
      close(input_[1]);
    });
  }

  std::vector<std::string> ReadAll(LineReader& lines) {
    std::vector<std::string> all;
    while (true) {
      auto line = lines.Next();
      EXPECT_TRUE(line.ok()) << line.status();
      if (!line.ok() || !line->has_value()) return all;
      all.emplace_back(**line);
    }
  }

  using Lines = std::vector<std::string>;

  int input_[2];
  int stop_[2];
  std::thread writer_;
};

TEST_F(LineReaderTest, OnlyANewlineEndsALineAndTheLastNeedsNone) {
  Provide("a\nb\r\n\n\r\nc\rd\re");
  LineReader lines(input_[0], stop_[0], 100);
  EXPECT_EQ(ReadAll(lines), (Lines{"a", "b\r", "", "\r", "c\rd\re"}));
  EXPECT_EQ(lines.line_number(), 5u);
  EXPECT_EQ(lines.bytes_read(), 13u);
}

TEST_F(LineReaderTest, ALastNewlineBeginsNoLine) {
  Provide("a\n");
  LineReader lines(input_[0], stop_[0], 100);
  EXPECT_EQ(ReadAll(lines), (Lines{"a"}));
}

TEST_F(LineReaderTest, EmptyInputHasNoLine) {
  Provide("");
  LineReader lines(input_[0], stop_[0], 100);
  EXPECT_EQ(ReadAll(lines), Lines{});
}

TEST_F(LineReaderTest, KeepsLongLinesWhole) {
  const std::string longest(1 << 20, 'x');
  Provide(longest + "\n" + longest + "\nend");
  LineReader lines(input_[0], stop_[0], longest.size());
  EXPECT_EQ(ReadAll(lines), (Lines{longest, longest, "end"}));
}

TEST_F(LineReaderTest, NamesTheLineThatIsTooLong) {
  Provide("a\n" + std::string(200'000, 'x') + "\nb\n");
  LineReader lines(input_[0], stop_[0], 1000);
  EXPECT_EQ(**lines.Next(), "a");
  const auto line = lines.Next();
  EXPECT_EQ(line.status().message(), "line 2 is longer than 1000 bytes");
  std::string rest(1 << 20, '\0');
  while (read(input_[0], rest.data(), rest.size()) > 0) {
  }
}

TEST_F(LineReaderTest, StopsWaitingWhenToldTo) {
  LineReader lines(input_[0], stop_[0], 100);
  ASSERT_EQ(write(stop_[1], "", 1), 1);
  EXPECT_EQ(*lines.Next(), std::nullopt);
  close(input_[1]);
}

TEST_F(LineReaderTest, WhatWasBegunWhenToldToStopIsNoLine) {
  ASSERT_EQ(write(input_[1], "a\nb", 3), 3);
  LineReader lines(input_[0], stop_[0], 100);
  EXPECT_EQ(**lines.Next(), "a");
  ASSERT_EQ(write(stop_[1], "", 1), 1);
  EXPECT_EQ(*lines.Next(), std::nullopt);
  close(input_[1]);
}

}  // namespace
}  // namespace leat::cli
