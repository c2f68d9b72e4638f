// The log of a `GroupLog` as one of the broker's own logs, each record a batch.
//
// Owned by the `GroupLog`; the thread of the log beneath.

#ifndef LEAT_SERVER_BROKER_RECORD_LOG_H_
#define LEAT_SERVER_BROKER_RECORD_LOG_H_

#include <cstdint>
#include <string>

#include "server/broker/internal_log.h"
#include "server/group/record_log.h"

namespace leat::server {

class BrokerRecordLog : public group::RecordLog {
 public:
  // `log` outlives it.
  explicit BrokerRecordLog(broker::InternalLog& log) : log_(log) {}

  void Append(std::string record, Appended done) override;
  void ReadFrom(int64_t from, Read done) override;
  void TrimTo(int64_t offset, Done done) override;
  int64_t log_start() const override { return log_.log_start().value; }
  uint64_t bytes_on_disk() const override { return log_.bytes_on_disk(); }
  void Close(Done done) override;

 private:
  broker::InternalLog& log_;
};

}  // namespace leat::server

#endif  // LEAT_SERVER_BROKER_RECORD_LOG_H_
