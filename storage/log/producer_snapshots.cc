#include "storage/log/producer_snapshots.h"

#include "storage/io/check.h"

namespace leat::log {

void ProducerSnapshots::Write(const LogPlace& place, const ProducerTable& table,
                              io::IoCallback done) {
  LEAT_CHECK(!busy_);
  busy_ = true;
  bytes_since_ = 0;
  environment_.loop->Offload(
      [files = environment_.files, directory = directory_,
       bytes = EncodeProducerSnapshot(key_, place, table)] {
        return WriteProducerSnapshot(*files, directory, bytes);
      },
      [this, end = place.next_offset, done = std::move(done)](absl::Status written) mutable {
        busy_ = false;
        if (written.ok()) saved_ = end;
        std::move(done)(std::move(written));
      });
}

}  // namespace leat::log
