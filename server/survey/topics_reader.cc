#include "server/survey/topics_reader.h"

#include <string>
#include <utility>
#include <vector>

#include "server/broker/metadata_batch.h"
#include "server/broker/metadata_loader.h"
#include "storage/inspect/log_report.h"
#include "storage/inspect/segment_report.h"
#include "storage/log/segment_file.h"

namespace leat::survey {
namespace {

absl::Status AddBatch(const record::Batch& batch, broker::MetadataLoader& loader) {
  auto records = broker::DecodeMetadataBatch(batch);
  if (!records.ok()) return records.status();
  for (const auto& record : *records) {
    if (absl::Status added = loader.Add(record); !added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<broker::TopicState> ReadTopics(io::FileSystem& files,
                                              const log::RecoveryInput& place, record::Offset end) {
  const auto bases = inspect::ListSegments(files, place.directory);
  if (!bases.ok()) return bases.status();
  broker::MetadataLoader loader(kNoTopicLimits, place.log_start);
  absl::Status status;
  for (const record::Offset base : *bases) {
    const std::string path = io::JoinPath(place.directory, log::SegmentFileName(base));
    const auto report = inspect::InspectSegment(
        files, path, place.key, inspect::Depth::kFrames,
        [&](io::FilePosition, const log::ParsedFrame& frame) {
          for (const record::Batch& batch : frame.batches) {
            const bool wanted =
                place.log_start < batch.header.next_offset() && batch.header.next_offset() <= end;
            if (wanted && status.ok()) status = AddBatch(batch, loader);
          }
        });
    if (!report.ok()) return report.status();
  }
  if (!status.ok()) return status;
  return std::move(loader).Finish();
}

}  // namespace leat::survey
