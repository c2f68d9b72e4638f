#include "storage/log/producer_snapshots.h"

#include "storage/io/check.h"

namespace leat::log {

void ProducerSnapshots::Write(const ProducerSnapshot& snapshot, io::IoCallback done) {
  LEAT_CHECK(!busy_);
  busy_ = true;
  bytes_since_ = 0;
  environment_.loop->Offload(
      [files = environment_.files, path = io::JoinPath(directory_, kProducerSnapshotName),
       content = EncodeProducerSnapshot(key_, snapshot)] {
        return io::ReplaceFile(*files, path, content);
      },
      [this, end = snapshot.place.next_offset,
       done = std::move(done)](absl::Status written) mutable {
        busy_ = false;
        if (written.ok()) saved_ = end;
        std::move(done)(std::move(written));
      });
}

}  // namespace leat::log
