#include "server/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace leat::server {
namespace {

class ConfigTest : public testing::Test {
 protected:
  void WriteFile(const std::string& content) {
    path_ = testing::TempDir() + "/leat-config.toml";
    std::ofstream(path_) << content;
    sources_.file = path_;
  }

  // What is wrong with the sources, without the path of the file.
  std::string Complaint() {
    const auto options = LoadOptions(sources_);
    if (options.ok()) return "";
    std::string message(options.status().message());
    if (const size_t at = message.find(path_); !path_.empty() && at != std::string::npos) {
      message.replace(at, path_.size(), "FILE");
    }
    return message;
  }

  std::string path_;
  ConfigSources sources_;
};

TEST_F(ConfigTest, DefaultsStandWithoutAnySource) {
  const auto options = LoadOptions(sources_);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(*options, ServerOptions());
}

TEST_F(ConfigTest, FlagsOverEnvironmentOverFileOverDefaults) {
  WriteFile(R"(
data_dir = "/file"
listen = ["127.0.0.1:1", "unix:/tmp/x"]
[limits]
max_calls = 5
produce_in_flight_bytes = "64MiB"
[storage]
retention_interval = "1m30s"
)");
  sources_.environment = {{"LEAT_LIMITS_MAX_CALLS", "6"}, {"LEAT_DATA_DIR", "/environment"}};
  sources_.flags = {{"data_dir", "/flag"}};
  const auto options = LoadOptions(sources_);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->data_dir, "/flag");
  EXPECT_EQ(options->max_calls, 6u);
  EXPECT_EQ(options->listen, (std::vector<std::string>{"127.0.0.1:1", "unix:/tmp/x"}));
  EXPECT_EQ(options->produce_in_flight_bytes, uint64_t{64} << 20);
  EXPECT_EQ(options->retention_interval, absl::Seconds(90));
  EXPECT_EQ(options->max_topics, ServerOptions().max_topics);
}

TEST_F(ConfigTest, UnknownKeysAreRefusedWithASuggestion) {
  WriteFile("data_dri = \"x\"\n");
  EXPECT_EQ(Complaint(), "FILE:1: data_dri: no such setting; is it data_dir?");
  WriteFile("[limits]\nmax_call = 3\n");
  EXPECT_EQ(Complaint(), "FILE:2: limits.max_call: no such setting; is it limits.max_calls?");
  WriteFile("shards = 3\n");
  EXPECT_EQ(Complaint(), "FILE:1: shards: no such setting; is it storage.shards?");
  WriteFile("\n\n[nothing.like_it]\nx = 1\n");
  EXPECT_EQ(Complaint(), "FILE:4: nothing.like_it.x: no such setting");
  sources_.file.reset();
  sources_.flags = {{"log.levl", "info"}};
  EXPECT_EQ(Complaint(), "command line: log.levl: no such setting; is it log.level?");
}

TEST_F(ConfigTest, UnknownVariablesAreRefusedWithASuggestion) {
  sources_.environment = {{"LEAT_STORAGE_SHARD", "1"}};
  EXPECT_EQ(Complaint(), "LEAT_STORAGE_SHARD: no such setting; is it LEAT_STORAGE_SHARDS?");
  sources_.environment = {{"LEAT_SERVER", "other:7450"},
                          {"LEAT_CONFIG", "x"},
                          {"LEAT_PORT_7450_TCP", "tcp://10.0.0.1:7450"},
                          {"LEAT_SERVICE_HOST", "10.0.0.1"},
                          {"LEATHER", "brown"}};
  EXPECT_EQ(Complaint(), "");
}

TEST_F(ConfigTest, KeysTellDefaultAndRange) {
  for (const auto& [key, meaning, values] : ConfigKeys()) {
    if (key == "drain_timeout") {
      EXPECT_EQ(values, "10s, 0s to 3600s");
    } else if (key == "limits.max_message_bytes") {
      EXPECT_EQ(values, "4MiB, 64KiB to 32MiB");
    } else if (key == "log.level") {
      EXPECT_EQ(values, "info, of debug|info|warning|error");
    }
  }
}

TEST_F(ConfigTest, BadValuesSayWhereAndWhat) {
  WriteFile("[limits]\nmax_calls = 0\n");
  EXPECT_EQ(Complaint(), "FILE:2: limits.max_calls: is 0, must be from 1 to 1000000");
  WriteFile("[limits]\nmax_message_bytes = \"65MiB\"\n");
  EXPECT_EQ(Complaint(), "FILE:2: limits.max_message_bytes: is 65MiB, must be from 64KiB to 32MiB");
  WriteFile("data_dir = 3.5\n");
  EXPECT_EQ(Complaint(), "FILE:1: data_dir: must be a string, a number or a list of strings");
  WriteFile("listen = []\n");
  EXPECT_EQ(Complaint(), "FILE:1: listen: must name at least one");
  sources_.file.reset();
  sources_.environment = {{"LEAT_STORAGE_IO_BACKEND", "magic"}};
  EXPECT_EQ(Complaint(),
            "LEAT_STORAGE_IO_BACKEND: storage.io_backend: is 'magic', must be one of "
            "auto|uring|posix");
  sources_.environment = {{"LEAT_DRAIN_TIMEOUT", "soon"}};
  EXPECT_EQ(Complaint(),
            "LEAT_DRAIN_TIMEOUT: drain_timeout: is 'soon', must be a time such as 30s");
  sources_.environment = {{"LEAT_STORAGE_SHARDS", "-1"}};
  EXPECT_EQ(Complaint(), "LEAT_STORAGE_SHARDS: storage.shards: is '-1', must be a number");
  sources_.environment = {{"LEAT_LISTEN", "7450"}};
  EXPECT_EQ(Complaint(), "listen: '7450' must be HOST:PORT, [IPV6]:PORT or unix:PATH");
  sources_.environment = {{"LEAT_DATA_DIR", ""}};
  EXPECT_EQ(Complaint(), "LEAT_DATA_DIR: data_dir: must not be empty");
}

TEST_F(ConfigTest, FilesThatAreNoTomlAreRefused) {
  WriteFile("data_dir = \n");
  EXPECT_EQ(Complaint().substr(0, 7), "FILE:1:");
  sources_.file = "/nowhere/leat.toml";
  EXPECT_EQ(LoadOptions(sources_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ConfigTest, WhatIsPrintedCanBeReadAgain) {
  ServerOptions options;
  options.data_dir = "/a \"strange\" \\ path";
  options.listen = {"[::1]:7450", "unix:/x"};
  options.drain_timeout = absl::Milliseconds(1'500);
  options.min_free_bytes = 1'000;
  options.grpc_memory_bytes = uint64_t{3} << 30;
  options.log_format = "json";
  const std::string text = RenderConfig(options);
  WriteFile(text);
  const auto read = LoadOptions(sources_);
  ASSERT_TRUE(read.ok()) << read.status() << text;
  EXPECT_EQ(*read, options);
  EXPECT_EQ(RenderConfig(*read), text);
  for (const auto& [key, meaning, values] : ConfigKeys()) {
    EXPECT_FALSE(meaning.empty());
    EXPECT_FALSE(values.empty());
    EXPECT_NE(text.find("\n" + key.substr(key.find('.') + 1) + " = "), std::string::npos) << key;
  }
}

TEST_F(ConfigTest, EnvironmentNames) {
  EXPECT_EQ(EnvironmentName("data_dir"), "LEAT_DATA_DIR");
  EXPECT_EQ(EnvironmentName("limits.max_calls"), "LEAT_LIMITS_MAX_CALLS");
}

}  // namespace
}  // namespace leat::server
