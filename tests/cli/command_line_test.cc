#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace leat::cli {
namespace {

using Words = std::vector<std::string>;

// `leat [-q] topic rm [-n N] TOPICS...`.
class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    app_.formatter(MakeHelpFormatter());
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_flag("-q,--quiet", quiet_, "Quiet");
    CLI::App& topic = *app_.add_subcommand("topic", "Topics");
    topic.require_subcommand(1);
    CLI::App& remove = *topic.add_subcommand("rm", "Delete");
    remove.add_option("topics", topics_, "The topics")->required();
    remove.add_option("-n,--count", count_, std::string(20, 'x') + " " + std::string(60, 'y'));
    CheckNumbers(app_);
  }

  // What is wrong with the arguments; empty when nothing is.
  std::string Parse(Words words) {
    std::reverse(words.begin(), words.end());
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      return ExplainParseError(app_, error);
    }
    return FindMistake(app_);
  }

  CLI::App app_{"An app", "leat"};
  bool quiet_ = false;
  Words topics_;
  uint32_t count_ = 0;
};

TEST_F(CommandLineTest, TakesNumbersFromZeroUp) {
  EXPECT_EQ(Parse({"topic", "rm", "a", "-n", "7"}), "");
  EXPECT_EQ(count_, 7u);
  for (const std::string bad : {"-1", "x", "1x", "0x10", "1.5"}) {
    EXPECT_EQ(Parse({"topic", "rm", "a", "-n", bad}),
              "--count: '" + bad +
                  "' is not a number from 0 up; 'leat topic rm --help' tells what can be said");
  }
  EXPECT_EQ(Parse({"topic", "rm", "a", "-n", "4294967296"}),
            "--count = 4294967296 is too large; 'leat topic rm --help' tells what can be said");
}

TEST_F(CommandLineTest, SuggestsWhatMayHaveBeenMeant) {
  EXPECT_EQ(Parse({"topics"}),
            "'topics' means nothing here; is it 'topic'? 'leat --help' tells what can be said");
  EXPECT_EQ(Parse({"topic", "rn"}),
            "'rn' means nothing here; is it 'rm'? 'leat topic --help' tells what can be said");
  EXPECT_EQ(Parse({"topic", "rm", "a", "--quite"}),
            "'--quite' means nothing here; is it '--quiet'? 'leat topic rm --help' tells what can "
            "be said");
  EXPECT_EQ(Parse({"frobnicate"}),
            "'frobnicate' means nothing here; 'leat --help' tells what can be said");
}

TEST_F(CommandLineTest, ATopicIsNamedOnce) {
  EXPECT_EQ(Parse({"topic", "rm", "a", "b"}), "");
  EXPECT_EQ(Parse({"topic", "rm", "a", "b", "a"}), "'a' is named twice");
}

TEST_F(CommandLineTest, HelpIsWrapped) {
  const std::string help = app_.get_subcommand("topic")->get_subcommand("rm")->help();
  EXPECT_NE(help.find("-n,--count N              xxxxxxxxxxxxxxxxxxxx\n" + std::string(28, ' ') +
                      "yyyyyyyyyy"),
            std::string::npos)
      << help;
}

TEST(ArgumentsTest, HelpComesBeforeOrAfter) {
  const char* before[] = {"leat", "help", "topic", "rm"};
  EXPECT_EQ(ArgumentsOf(4, before), (Words{"--help", "rm", "topic"}));
  const char* alone[] = {"leat", "help"};
  EXPECT_EQ(ArgumentsOf(2, alone), (Words{"--help"}));
  const char* other[] = {"leat", "produce", "help"};
  EXPECT_EQ(ArgumentsOf(3, other), (Words{"help", "produce"}));
}

}  // namespace
}  // namespace leat::cli
