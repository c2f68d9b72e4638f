// What a run of `leat bench` was, and what came of it: for people and for programs. Pure.

#ifndef LEAT_CLI_BENCH_REPORT_H_
#define LEAT_CLI_BENCH_REPORT_H_

#include <string>

#include "bench/load/load.h"
#include "bench/load/load_settings.h"

namespace leat::cli {

// One line, without a newline.
std::string DescribeSettings(const bench::LoadSettings& settings);
// A second of it.
std::string DescribeProgress(const bench::LoadProgress& progress);

// Tables: throughput, latencies in milliseconds, processor time, what was checked.
std::string DescribeResult(const bench::LoadSettings& settings, const bench::LoadResult& result);
// One indented object.
std::string ResultToJson(const bench::LoadSettings& settings, const bench::LoadResult& result);

}  // namespace leat::cli

#endif  // LEAT_CLI_BENCH_REPORT_H_
