#include "tools/demo/corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace leat::demo {
namespace {

constexpr std::string_view kSuffix = "_2k.log";
constexpr char kFallback[] = "/var/log/dpkg.log";

// Where the key stands in a line of each log: the first group.
const std::regex* KeyPattern(std::string_view topic) {
  static const auto* const kPatterns = new std::map<std::string_view, std::regex>{
      {"apache", std::regex(R"(\[client ([0-9.]+)\])")},
      {"dpkg", std::regex(R"(([a-z0-9][a-z0-9+.-]+:(?:amd64|arm64|all)))")},
      {"hdfs", std::regex(R"((blk_-?\d+))")},
      {"linux", std::regex(R"(^\w+ +\d+ [\d:]+ \w+ ([^\[:]+))")},
      {"openssh", std::regex(R"(from ([0-9.]+))")},
      {"zookeeper", std::regex(R"(\[[^\]]*:(\w+)(?:\$\w+)?@\d+\])")},
  };
  const auto found = kPatterns->find(topic);
  return found == kPatterns->end() ? nullptr : &found->second;
}

absl::StatusOr<Source> Load(const std::filesystem::path& path, std::string topic) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(fmt::format("cannot read {}", path.string()));
  Source source{std::move(topic), {}};
  for (std::string& line : SplitLines(text.str())) {
    std::string key = KeyOf(source.topic, line);
    source.events.push_back({std::move(key), std::move(line)});
  }
  return source;
}

}  // namespace

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string KeyOf(std::string_view topic, const std::string& line) {
  const std::regex* pattern = KeyPattern(topic);
  std::smatch match;
  return pattern != nullptr && std::regex_search(line, match, *pattern) ? match[1].str() : "-";
}

absl::StatusOr<std::vector<Source>> LoadSources(const std::string& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(directory, missing)) {
    if (entry.path().filename().string().ends_with(kSuffix)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());

  std::vector<Source> sources;
  for (const std::filesystem::path& path : paths) {
    std::string name = path.filename().string();
    name.resize(name.size() - kSuffix.size());
    absl::StatusOr<Source> source = Load(path, absl::AsciiStrToLower(name));
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  if (sources.empty()) {
    absl::StatusOr<Source> source = Load(kFallback, "dpkg");
    if (!source.ok()) {
      return absl::NotFoundError(
          fmt::format("no *{} in {} and no {}", kSuffix, directory, kFallback));
    }
    sources.push_back(*std::move(source));
  }
  return sources;
}

}  // namespace leat::demo
