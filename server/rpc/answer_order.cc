#include "server/rpc/answer_order.h"

#include <utility>

namespace leat::rpc {

AnswerOrder::Entry* AnswerOrder::Enter(std::vector<PartitionPlace> places) {
  auto owned = std::make_unique<Entry>();
  Entry* entry = owned.get();
  entry->places = std::move(places);
  for (const PartitionPlace& place : entry->places) {
    std::deque<Entry*>& lane = lanes_[place].entries;
    if (!lane.empty()) ++entry->blocked_in;
    lane.push_back(entry);
  }
  entries_.emplace(entry, std::move(owned));
  return entry;
}

void AnswerOrder::Answer(Entry* entry, absl::Cord answer) {
  held_bytes_ += answer.size();
  entry->answer = std::move(answer);
  if (entry->blocked_in > 0) return;
  std::vector<Entry*> ready = {entry};
  while (!ready.empty()) {
    Entry* next = ready.back();
    ready.pop_back();
    Send(next, &ready);
  }
}

std::shared_ptr<ProduceLane> AnswerOrder::LaneOf(const PartitionPlace& place) {
  std::shared_ptr<ProduceLane>& lane = lanes_.at(place).appends;
  if (lane == nullptr) lane = std::make_shared<ProduceLane>();
  return lane;
}

void AnswerOrder::RenewLane(const PartitionPlace& place) {
  if (const auto lane = lanes_.find(place); lane != lanes_.end()) lane->second.appends.reset();
}

void AnswerOrder::Send(Entry* entry, std::vector<Entry*>* freed) {
  held_bytes_ -= entry->answer->size();
  send_(*std::move(entry->answer));
  for (const PartitionPlace& place : entry->places) {
    const auto lane = lanes_.find(place);
    lane->second.entries.pop_front();
    if (lane->second.entries.empty()) {
      lanes_.erase(lane);
      continue;
    }
    Entry* first = lane->second.entries.front();
    if (--first->blocked_in == 0 && first->answer.has_value()) freed->push_back(first);
  }
  entries_.erase(entry);
}

}  // namespace leat::rpc
