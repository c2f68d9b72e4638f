#include "server/group/subscription.h"

#include <algorithm>
#include <string>

#include "fmt/format.h"
#include "re2/re2.h"
#include "storage/record/error.h"

namespace leat::group {
namespace {

// Of one compiled pattern: compiled in less than a millisecond, and enough for any pattern that is
// as long as it may be and repeats nothing many times.
constexpr int64_t kMaxPatternMemory = 256 << 10;

RE2::Options PatternOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_encoding(RE2::Options::EncodingLatin1);  // Names are ASCII.
  options.set_max_mem(kMaxPatternMemory);
  return options;
}

absl::Status Invalid(std::string_view field, const std::string& what) {
  return record::MakeError(record::Reason::kInvalidField, fmt::format("{}: {}", field, what),
                           {{std::string(field), what}});
}

bool MatchesAny(const std::vector<std::unique_ptr<RE2>>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [name](const auto& pattern) {
    return RE2::FullMatch(re2::StringPiece(name.data(), name.size()), *pattern);
  });
}

std::vector<std::unique_ptr<RE2>> Compile(const std::vector<std::string>& patterns) {
  std::vector<std::unique_ptr<RE2>> compiled;
  for (const std::string& pattern : patterns) {
    compiled.push_back(std::make_unique<RE2>(pattern, PatternOptions()));
  }
  return compiled;
}

}  // namespace

absl::Status CheckSubscription(const Subscription& subscription, const GroupLimits& limits) {
  const auto& [topics, patterns] = subscription;
  if (topics.empty() && patterns.empty()) return Invalid("topics", "no topic and no pattern");
  if (topics.size() > limits.max_topics) {
    return Invalid("topics", fmt::format("more than {}", limits.max_topics));
  }
  if (patterns.size() > limits.max_patterns) {
    return Invalid("topic_patterns", fmt::format("more than {}", limits.max_patterns));
  }
  for (const std::string& topic : topics) {
    if (topic.empty() || topic.size() > limits.max_name_bytes) {
      return Invalid("topics", fmt::format("a name has 1 to {} bytes", limits.max_name_bytes));
    }
  }
  for (const std::string& pattern : patterns) {
    if (pattern.empty() || pattern.size() > limits.max_pattern_bytes) {
      return Invalid("topic_patterns",
                     fmt::format("a pattern has 1 to {} bytes", limits.max_pattern_bytes));
    }
    const RE2 compiled(pattern, PatternOptions());
    if (!compiled.ok()) {
      return Invalid("topic_patterns", fmt::format("no RE2 expression: {}", compiled.error()));
    }
  }
  return absl::OkStatus();
}

bool Matches(const Subscription& subscription, std::string_view topic) {
  const auto& [topics, patterns] = subscription;
  return std::find(topics.begin(), topics.end(), topic) != topics.end() ||
         MatchesAny(Compile(patterns), topic);
}

std::vector<const TopicInfo*> TopicsOf(const Subscription& subscription,
                                       const TopicCatalogue& topics) {
  std::vector<const TopicInfo*> found;
  for (const std::string& name : subscription.topics) {
    if (const TopicInfo* topic = topics.FindName(name)) found.push_back(topic);
  }
  if (!subscription.patterns.empty()) {
    const auto patterns = Compile(subscription.patterns);
    topics.ForEach([&](const TopicInfo& topic) {
      if (MatchesAny(patterns, topic.name)) found.push_back(&topic);
    });
  }
  std::sort(found.begin(), found.end(),
            [](const TopicInfo* a, const TopicInfo* b) { return a->id < b->id; });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace leat::group
