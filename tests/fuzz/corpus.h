// Where the seeds of fuzz targets are written, and what their bytes are made of.

#ifndef LEAT_TESTS_FUZZ_CORPUS_H_
#define LEAT_TESTS_FUZZ_CORPUS_H_

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace leat::fuzz {

inline constexpr int64_t kNow = 1'700'000'000'000;

class Corpus {
 public:
  explicit Corpus(std::filesystem::path root) : root_(std::move(root)) {}

  void Add(std::string_view target, std::string_view name, const std::string& bytes) const {
    const std::filesystem::path directory = root_ / target;
    std::filesystem::create_directories(directory);
    std::ofstream(directory / ("seed-" + std::string(name)), std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path root_;
};

inline std::string Byte(int value) { return std::string(1, static_cast<char>(value)); }

}  // namespace leat::fuzz

#endif  // LEAT_TESTS_FUZZ_CORPUS_H_
