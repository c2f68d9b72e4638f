// Between the broker's own types and their messages in `__meta`. Pure; any thread.

#ifndef LEAT_SERVER_BROKER_METADATA_CODEC_H_
#define LEAT_SERVER_BROKER_METADATA_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/broker/metadata.pb.h"
#include "server/broker/topic.h"
#include "storage/log/format.h"

namespace leat::broker {

std::string EncodeUuid(const log::Uuid& id);
internal::TopicSettings EncodeSettings(const TopicSettings& settings);
internal::TopicCreated EncodeTopic(const Topic& topic);

// DATA_LOSS when a field cannot have been written by us.
absl::StatusOr<log::Uuid> DecodeUuid(std::string_view bytes);
absl::StatusOr<TopicSettings> DecodeSettings(const internal::TopicSettings& message);
absl::StatusOr<Topic> DecodeTopic(const internal::TopicCreated& message);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_METADATA_CODEC_H_
