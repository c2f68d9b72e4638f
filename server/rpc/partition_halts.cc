#include "server/rpc/partition_halts.h"

#include <fmt/format.h>

#include "storage/record/error.h"

namespace leat::rpc {
namespace {

// Bounds the memory of a stream whose every request names another topic.
constexpr size_t kMaxHalts = 4'096;

}  // namespace

absl::Status EarlierRequestFailed(uint64_t request_id) {
  return record::MakeError(
      record::Reason::kEarlierRequestFailed,
      fmt::format("request {} for this partition failed before; name it in resume_after to go on",
                  request_id),
      {{"requestId", std::to_string(request_id)}});
}

bool IsEarlierRequestFailed(const absl::Status& status) {
  return record::ReasonOf(status) == record::Reason::kEarlierRequestFailed;
}

void PartitionHalts::HaltAll(uint64_t request_id) {
  if (!everything_.has_value()) everything_ = request_id;
}

void PartitionHalts::Halt(const std::string& topic, std::optional<uint32_t> partition,
                          uint64_t request_id) {
  if (partitions_.size() + topics_.size() >= kMaxHalts) {
    HaltAll(request_id);
  } else if (partition.has_value()) {
    partitions_.try_emplace({topic, *partition}, request_id);
  } else {
    topics_.try_emplace(topic, request_id);
  }
}

void PartitionHalts::Resume(uint64_t request_id) {
  const auto names_it = [request_id](const auto& halt) { return halt.second == request_id; };
  std::erase_if(partitions_, names_it);
  std::erase_if(topics_, names_it);
  if (everything_ == request_id) everything_.reset();
}

absl::Status PartitionHalts::Check(const std::string& topic,
                                   std::optional<uint32_t> partition) const {
  if (everything_.has_value()) return EarlierRequestFailed(*everything_);
  if (const auto halt = topics_.find(topic); halt != topics_.end()) {
    return EarlierRequestFailed(halt->second);
  }
  if (!partition.has_value() || partitions_.empty()) return absl::OkStatus();
  const auto halt = partitions_.find({topic, *partition});
  return halt == partitions_.end() ? absl::OkStatus() : EarlierRequestFailed(halt->second);
}

}  // namespace leat::rpc
