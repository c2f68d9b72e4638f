// Reads the topics from the files of their log, without opening it. Blocks; changes nothing.

#ifndef LEAT_SERVER_SURVEY_TOPICS_READER_H_
#define LEAT_SERVER_SURVEY_TOPICS_READER_H_

#include <cstdint>
#include <limits>

#include "absl/status/statusor.h"
#include "server/broker/topic_state.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"
#include "storage/record/ids.h"

namespace leat::survey {

// Limits are for topics to be made, and nobody makes one here.
inline constexpr broker::TopicLimits kNoTopicLimits = {
    .max_topics = std::numeric_limits<uint32_t>::max(),
    .max_partitions_per_topic = std::numeric_limits<uint32_t>::max()};

// The topics after the sound records of the log before `end`. DATA_LOSS when they make no sense.
absl::StatusOr<broker::TopicState> ReadTopics(io::FileSystem& files,
                                              const log::RecoveryInput& place, record::Offset end);

}  // namespace leat::survey

#endif  // LEAT_SERVER_SURVEY_TOPICS_READER_H_
