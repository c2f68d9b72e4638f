#include "server/broker_record_log.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "server/broker/internal_batch.h"

namespace leat::server {
namespace {

constexpr size_t kReadBytes = 1 << 20;

// Batches are read whole: those records of the first that lie before `from` were not asked for.
absl::StatusOr<group::RecordLog::ReadResult> ToRecords(int64_t from, const log::ReadResult& read) {
  group::RecordLog::ReadResult result{.next_offset = read.next_offset.value};
  for (const record::Batch& batch : read.batches) {
    absl::StatusOr<std::vector<std::string>> values = broker::DecodeInternalBatch(batch);
    if (!values.ok()) return values.status();
    int64_t offset = batch.header.base_offset.value;
    for (std::string& value : *values) {
      if (offset++ >= from) result.records.push_back(std::move(value));
    }
  }
  return result;
}

}  // namespace

void BrokerRecordLog::Append(std::string record, Appended done) {
  std::vector<std::string> records;
  records.push_back(std::move(record));
  log_.Append(broker::EncodeInternalBatch(records, log_.loop().clock().WallMillis()),
              [done = std::move(done)](absl::StatusOr<log::AppendResult> result) mutable {
                if (!result.ok()) return std::move(done)(result.status());
                std::move(done)(result->base_offset.value);
              });
}

void BrokerRecordLog::ReadFrom(int64_t from, Read done) {
  log_.Read({from}, kReadBytes,
            [from, done = std::move(done)](absl::StatusOr<log::ReadResult> read) mutable {
              if (!read.ok()) return std::move(done)(read.status());
              std::move(done)(ToRecords(from, *read));
            });
}

void BrokerRecordLog::TrimTo(int64_t offset, Done done) { log_.TrimTo({offset}, std::move(done)); }

void BrokerRecordLog::Close(Done done) { log_.Close(std::move(done)); }

}  // namespace leat::server
