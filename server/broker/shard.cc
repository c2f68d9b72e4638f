#include "server/broker/shard.h"

#include <pthread.h>

#include <utility>

#include "storage/record/error.h"

namespace leat::broker {

Shard::Shard(size_t index, const PartitionTable::Surroundings& surroundings, const Limits& limits,
             std::unique_ptr<io::EventLoop> loop)
    : index_(index),
      loop_(std::move(loop)),
      flush_gate_(limits.flushes_in_flight),
      environment_{.files = surroundings.files,
                   .loop = loop_.get(),
                   .flush_gate = &flush_gate_,
                   .random = [this] { return Random(); }},
      partitions_(surroundings, environment_, limits.tail_bytes) {}

void Shard::Start(const std::string& thread_name) {
  thread_ = std::thread([this, thread_name] {
    pthread_setname_np(pthread_self(), thread_name.c_str());
    loop_->Run();
  });
}

void Shard::Stop() {
  if (std::exchange(stopped_, true)) return;
  loop_->Stop();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    loop_->Run();
  }
}

void Shard::Append(const Topic& topic, uint32_t partition, record::Batch batch,
                   Answer<log::AppendResult> done) {
  absl::StatusOr<Partition*> opened = partitions_.Open(topic, partition);
  if (!opened.ok()) return std::move(done)(opened.status());
  if (space_ == Space::kLow) {
    return std::move(done)(record::MakeError(
        record::Reason::kDiskFull, "the disk has too little free space; reading goes on"));
  }
  (*opened)->Append(std::move(batch), std::move(done));
}

}  // namespace leat::broker
