#include "server/broker/retention.h"

#include <algorithm>
#include <utility>

#include "spdlog/spdlog.h"

namespace leat::broker {
namespace {

// As many in one record of `__meta`.
constexpr size_t kTargetsAtOnce = 4096;

}  // namespace

Retention::Retention(io::EventLoop& loop, absl::Duration interval, Collect collect, Move move)
    : collect_(std::move(collect)),
      move_(std::move(move)),
      rounds_(loop, interval, [this](io::Task ended) { Round(std::move(ended)); }) {}

void Retention::Round(io::Task ended) {
  collect_([this, ended = std::move(ended)](std::vector<LogStart> targets) mutable {
    MoveSome(std::move(targets), std::move(ended));
  });
}

void Retention::MoveSome(std::vector<LogStart> targets, io::Task ended) {
  if (targets.empty()) return std::move(ended)();
  const auto split = targets.begin() + std::min(targets.size(), kTargetsAtOnce);
  std::vector<LogStart> some(targets.begin(), split);
  targets.erase(targets.begin(), split);
  move_(std::move(some), [this, targets = std::move(targets),
                          ended = std::move(ended)](const absl::Status& moved) mutable {
    if (moved.ok()) return MoveSome(std::move(targets), std::move(ended));
    spdlog::warn("retention: {}", std::string(moved.message()));
    std::move(ended)();
  });
}

}  // namespace leat::broker
