#include "server/group/assignor.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace leat::group {
namespace {

class Shares {
 public:
  Shares(int32_t member_count, std::vector<AssignorTopic>& topics);

  // Leaves partitions with owners that are still subscribed.
  void Keep();
  // Gives partitions without an owner away.
  void Deal();
  // Moves partitions from the most to the least loaded.
  void Level();

 private:
  struct Move {
    size_t holding = 0;  // Index in `held_` of the giver.
    int32_t to = kNoOwner;
    int32_t to_load = 0;
    int64_t skew = 0;  // How many more of the topic the giver has.

    bool BetterThan(const Move& other) const {
      return std::pair(-to_load, skew) > std::pair(-other.to_load, other.skew);
    }
  };

  // Partitions of one topic with one member: those it had before come first.
  struct Holding {
    int32_t topic = 0;
    std::vector<uint32_t> partitions;
  };

  size_t CountOf(int32_t member, int32_t topic) const;
  void AddLoad(int32_t member, int32_t change);
  void Give(int32_t topic, uint32_t partition, int32_t member);
  // The least loaded subscriber; of equals the one with the least of the topic, then the first.
  int32_t Lightest(int32_t topic) const;
  std::optional<Move> BestMove(int32_t from) const;
  void Execute(int32_t from, const Move& move);

  std::vector<AssignorTopic>& topics_;
  std::vector<std::vector<bool>> subscribed_;  // By topic, then member.
  std::vector<int32_t> loads_;
  std::set<std::pair<int32_t, int32_t>> by_load_;  // Load and member.
  std::vector<std::vector<Holding>> held_;         // By member; holdings in order of topic.
};

Shares::Shares(int32_t member_count, std::vector<AssignorTopic>& topics)
    : topics_(topics), loads_(member_count), held_(member_count) {
  for (int32_t m = 0; m < member_count; ++m) by_load_.insert({0, m});
  for (const AssignorTopic& topic : topics) {
    std::vector<bool>& subscribed = subscribed_.emplace_back(member_count);
    for (const int32_t member : topic.subscribers) subscribed[member] = true;
  }
}

auto FindTopic(auto& holdings, int32_t topic) {
  return std::lower_bound(holdings.begin(), holdings.end(), topic,
                          [](const auto& holding, int32_t t) { return holding.topic < t; });
}

size_t Shares::CountOf(int32_t member, int32_t topic) const {
  const auto found = FindTopic(held_[member], topic);
  return found == held_[member].end() || found->topic != topic ? 0 : found->partitions.size();
}

void Shares::AddLoad(int32_t member, int32_t change) {
  auto entry = by_load_.extract({loads_[member], member});
  loads_[member] += change;
  entry.value().first = loads_[member];
  by_load_.insert(std::move(entry));
}

void Shares::Give(int32_t topic, uint32_t partition, int32_t member) {
  auto holding = FindTopic(held_[member], topic);
  if (holding == held_[member].end() || holding->topic != topic) {
    holding = held_[member].insert(holding, Holding{.topic = topic});
  }
  holding->partitions.push_back(partition);
  topics_[topic].owners[partition] = member;
  AddLoad(member, 1);
}

void Shares::Keep() {
  for (int32_t t = 0; t < static_cast<int32_t>(topics_.size()); ++t) {
    AssignorTopic& topic = topics_[t];
    for (uint32_t p = 0; p < topic.owners.size(); ++p) {
      const int32_t owner = std::exchange(topic.owners[p], kNoOwner);
      if (owner != kNoOwner && subscribed_[t][owner]) Give(t, p, owner);
    }
  }
}

int32_t Shares::Lightest(int32_t topic) const {
  int32_t best = kNoOwner;
  size_t best_count = 0;
  for (const auto& [load, member] : by_load_) {
    if (best != kNoOwner && (load > loads_[best] || best_count == 0)) break;
    if (!subscribed_[topic][member]) continue;
    const size_t count = CountOf(member, topic);
    if (best == kNoOwner || count < best_count) {
      best = member;
      best_count = count;
    }
  }
  return best;
}

void Shares::Deal() {
  // What few can take is dealt first, while they are free.
  std::vector<int32_t> order(topics_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](int32_t a, int32_t b) {
    return topics_[a].subscribers.size() < topics_[b].subscribers.size();
  });
  for (const int32_t t : order) {
    if (topics_[t].subscribers.empty()) continue;
    for (uint32_t p = 0; p < topics_[t].owners.size(); ++p) {
      if (topics_[t].owners[p] == kNoOwner) Give(t, p, Lightest(t));
    }
  }
}

std::optional<Shares::Move> Shares::BestMove(int32_t from) const {
  std::optional<Move> best;
  for (size_t i = 0; i < held_[from].size(); ++i) {
    const Holding& holding = held_[from][i];
    if (holding.partitions.empty()) continue;
    const int32_t to = Lightest(holding.topic);
    if (loads_[to] + 2 > loads_[from]) continue;
    const Move move{.holding = i,
                    .to = to,
                    .to_load = loads_[to],
                    .skew = static_cast<int64_t>(holding.partitions.size()) -
                            static_cast<int64_t>(CountOf(to, holding.topic))};
    if (!best.has_value() || move.BetterThan(*best)) best = move;
  }
  return best;
}

void Shares::Execute(int32_t from, const Move& move) {
  Holding& holding = held_[from][move.holding];
  const uint32_t partition = holding.partitions.back();
  holding.partitions.pop_back();
  AddLoad(from, -1);
  Give(holding.topic, partition, move.to);
}

// Each move lowers the sum of the squares of the loads, so this ends. It always takes from the most
// loaded that can give: whoever has received can then never have to give, and nothing moves twice.
void Shares::Level() {
  for (bool moved = true; moved;) {
    moved = false;
    std::set<std::pair<int32_t, int32_t>> givers = by_load_;
    while (!givers.empty()) {
      const auto [load, from] = *givers.rbegin();
      givers.erase(std::prev(givers.end()));
      const std::optional<Move> move = BestMove(from);
      if (!move.has_value()) continue;
      Execute(from, *move);
      moved = true;
      givers.insert({load - 1, from});
      if (givers.erase({move->to_load, move->to}) > 0) givers.insert({move->to_load + 1, move->to});
    }
  }
}

}  // namespace

void Assign(int32_t member_count, std::vector<AssignorTopic>& topics) {
  Shares shares(member_count, topics);
  shares.Keep();
  shares.Deal();
  shares.Level();
}

}  // namespace leat::group
