#include "server/broker/checkpointer.h"

#include <utility>

#include "spdlog/spdlog.h"

namespace leat::broker {

Checkpointer::Checkpointer(io::FileSystem& files, io::EventLoop& loop, std::string path,
                           absl::Duration interval, log::Checkpoint read_at_start, Collect collect)
    : files_(files),
      loop_(loop),
      path_(std::move(path)),
      collect_(std::move(collect)),
      checkpoint_(std::move(read_at_start)),
      rounds_(loop, interval, [this](io::Task ended) { Round(std::move(ended)); }) {}

absl::Status Checkpointer::ClearCleanMark() {
  checkpoint_.clean_shutdown = false;
  return log::WriteCheckpoint(files_, path_, checkpoint_);
}

absl::Status Checkpointer::WriteLast(const Updates& updates, Shutdown shutdown) {
  TakeIn(updates);
  checkpoint_.clean_shutdown = shutdown == Shutdown::kClean;
  return log::WriteCheckpoint(files_, path_, checkpoint_);
}

void Checkpointer::Round(io::Task ended) {
  collect_([this, ended = std::move(ended)](const Updates& updates) mutable {
    TakeIn(updates);
    if (!changed_) return std::move(ended)();
    loop_.Offload([this] { return log::WriteCheckpoint(files_, path_, checkpoint_); },
                  [this, ended = std::move(ended)](const absl::Status& written) mutable {
                    changed_ = !written.ok();
                    if (!written.ok()) {
                      spdlog::warn("checkpoint not written: {}", std::string(written.message()));
                    }
                    std::move(ended)();
                  });
  });
}

void Checkpointer::TakeIn(const Updates& updates) {
  for (const CheckpointUpdate& update : updates) {
    auto present = checkpoint_.partitions.find(update.key);
    if (!update.entry.has_value()) {
      if (present == checkpoint_.partitions.end()) continue;
      checkpoint_.partitions.erase(present);
    } else if (present != checkpoint_.partitions.end() && present->second == *update.entry) {
      continue;
    } else {
      checkpoint_.partitions[update.key] = *update.entry;
    }
    changed_ = true;
  }
}

}  // namespace leat::broker
