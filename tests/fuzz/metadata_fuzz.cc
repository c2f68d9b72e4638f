// Records of the topics' log that are accepted make a state whose snapshot is read back as the same
// state; any others are refused as damaged.

#include <string>
#include <vector>

#include "server/broker/metadata_batch.h"
#include "server/broker/metadata_loader.h"
#include "tests/fuzz/fuzz.h"

namespace leat::broker {
namespace {

using Records = std::vector<internal::MetadataRecord>;

absl::StatusOr<TopicState> Load(const Records& records, record::Offset log_start) {
  MetadataLoader loader(TopicLimits{}, log_start);
  for (const internal::MetadataRecord& record : records) {
    if (absl::Status added = loader.Add(record); !added.ok()) return added;
  }
  return std::move(loader).Finish();
}

std::string Bytes(const Records& records) {
  std::string bytes;
  for (const internal::MetadataRecord& record : records) bytes += record.SerializeAsString();
  return bytes;
}

// `log_start` 0: the log was never trimmed.
void CheckLog(std::string_view payload, record::Offset log_start) {
  const record::Batch batch{.payload = fuzz::InPieces(payload, 0)};
  const absl::StatusOr<Records> records = DecodeMetadataBatch(batch);
  if (!records.ok()) {
    LEAT_CHECK(absl::IsDataLoss(records.status()));
    return;
  }
  const absl::StatusOr<TopicState> state = Load(*records, log_start);
  if (!state.ok()) {
    LEAT_CHECK(absl::IsDataLoss(state.status()));
    return;
  }
  const Records snapshot = state->Snapshot();
  const absl::StatusOr<Records> written = DecodeMetadataBatch(EncodeMetadataBatch(snapshot, 0));
  LEAT_CHECK(written.ok());
  const absl::StatusOr<TopicState> again = Load(*written, {1});
  LEAT_CHECK(again.ok());
  LEAT_CHECK(Bytes(again->Snapshot()) == Bytes(snapshot));
}

}  // namespace
}  // namespace leat::broker

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::fuzz::FuzzInput input(data, size);
  const leat::record::Offset log_start{input.Take<uint8_t>() % 2};
  leat::broker::CheckLog(input.TakeRest(), log_start);
  return 0;
}
