// The producers of one topic by their names: who has which name now. Part of the topics' state:
// pure, one thread.
//
// Bounded: when a name comes that there is no room for, the one that was initialised longest ago is
// forgotten, and its producer with it.

#ifndef LEAT_SERVER_BROKER_PRODUCER_NAMES_H_
#define LEAT_SERVER_BROKER_PRODUCER_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"

namespace leat::broker {

// What a producer is given each time it is initialised. Grants of a topic are numbered from 1; the
// first one of a name is its producer's id.
struct ProducerGrant {
  int64_t producer_id = 0;
  int32_t epoch = 0;
  uint64_t number = 0;

  friend bool operator==(const ProducerGrant&, const ProducerGrant&) = default;
};

class ProducerNames {
 public:
  struct Decision {
    ProducerGrant grant;
    std::string forgotten;  // The name that has to go; empty if none.
  };

  // What initialising `name` gives, with room for `max_names`.
  Decision Decide(std::string_view name, size_t max_names) const;

  // Whether a grant can follow on those before it.
  bool Follows(std::string_view name, const ProducerGrant& grant) const;

  // Takes in a grant that follows.
  void Apply(std::string_view name, const ProducerGrant& grant);

  // Forgets a name and gives what it had last. It must be there.
  ProducerGrant Forget(std::string_view name);

  // nullptr when there is none.
  const ProducerGrant* Find(std::string_view name) const;

  // All of them, longest ago first.
  const absl::btree_map<uint64_t, std::string>& by_grant() const { return by_grant_; }
  uint64_t last_grant() const { return last_grant_; }
  // From a snapshot: those forgotten count too.
  void set_last_grant(uint64_t number) { last_grant_ = number; }

 private:
  uint64_t last_grant_ = 0;
  absl::btree_map<std::string, ProducerGrant, std::less<>> by_name_;
  absl::btree_map<uint64_t, std::string> by_grant_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_PRODUCER_NAMES_H_
