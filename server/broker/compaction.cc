#include "server/broker/compaction.h"

#include <utility>

namespace leat::broker {

Compaction::Compaction(io::EventLoop& loop, absl::Duration interval, Collect collect,
                       Compact compact, Cancel cancel)
    : collect_(std::move(collect)),
      compact_(std::move(compact)),
      cancel_(std::move(cancel)),
      rounds_(loop, interval, [this](io::Task ended) {
        collect_([this, ended = std::move(ended)](Keys due) mutable {
          CompactNext(std::move(due), std::move(ended));
        });
      }) {}

void Compaction::Stop(io::Task idle) {
  stopped_ = true;
  if (current_.has_value()) cancel_(*current_);
  rounds_.Stop(std::move(idle));
}

void Compaction::CompactNext(Keys due, io::Task ended) {
  if (due.empty() || stopped_) return std::move(ended)();
  current_ = due.back();
  due.pop_back();
  compact_(*current_, [this, due = std::move(due), ended = std::move(ended)]() mutable {
    current_.reset();
    CompactNext(std::move(due), std::move(ended));
  });
}

}  // namespace leat::broker
