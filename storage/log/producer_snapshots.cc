#include "storage/log/producer_snapshots.h"

#include <utility>

#include "storage/io/check.h"

namespace leat::log {

void ProducerSnapshots::Write(const LogPlace& place, const ProducerTable& table,
                              const std::deque<KnownId>& ids, io::IoCallback done) {
  LEAT_CHECK(!busy_);
  busy_ = true;
  bytes_since_ = 0;
  std::string bytes = EncodeProducerSnapshot(key_, place, table, ids);
  interval_bytes_ = kIntervalBytes + kIntervalRatio * bytes.size();
  environment_.loop->Offload(
      [files = environment_.files, directory = directory_, bytes = std::move(bytes)] {
        return WriteProducerSnapshot(*files, directory, bytes);
      },
      [this, end = place.next_offset, done = std::move(done)](absl::Status written) mutable {
        busy_ = false;
        if (written.ok()) saved_ = end;
        std::move(done)(std::move(written));
      });
}

}  // namespace leat::log
