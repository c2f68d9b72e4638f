#include "storage/log/frame_writer.h"

#include <utility>

#include "storage/io/check.h"

namespace leat::log {

FrameWriter::FrameWriter(io::EventLoop& loop) : loop_(loop) {}

void FrameWriter::Write(std::shared_ptr<io::File> file, io::FilePosition position, Flight flight,
                        absl::AnyInvocable<void() &&> ended) {
  LEAT_CHECK(!full() && failure_.ok());
  const uint64_t number = first_number_ + flights_.size();
  const std::shared_ptr<const io::AlignedBuffer> bytes = flight.frame.bytes;
  flights_.push_back({.flight = std::move(flight), .outcome = std::nullopt});
  ++in_progress_;
  io::File& target = *file;
  // The callback holds file and bytes: the write needs them even when the log is gone.
  loop_.WriteDurably(target, position, bytes->span(),
                     [this, number, file = std::move(file), bytes,
                      ended = std::move(ended)](absl::Status outcome) mutable {
                       End(number, std::move(outcome));
                       std::move(ended)();
                     });
}

std::vector<Flight> FrameWriter::TakeDurable() {
  std::vector<Flight> durable;
  while (!flights_.empty() && flights_.front().outcome.has_value() &&
         flights_.front().outcome->ok()) {
    durable.push_back(std::move(flights_.front().flight));
    flights_.pop_front();
    ++first_number_;
  }
  return durable;
}

std::vector<Flight> FrameWriter::TakeAll() {
  LEAT_CHECK(in_progress_ == 0);
  std::vector<Flight> all;
  for (Entry& entry : flights_) all.push_back(std::move(entry.flight));
  first_number_ += flights_.size();
  flights_.clear();
  return all;
}

void FrameWriter::End(uint64_t number, absl::Status outcome) {
  --in_progress_;
  failure_.Update(outcome);
  flights_[number - first_number_].outcome = std::move(outcome);
}

std::vector<record::BatchHeader> FrameWriter::BatchHeaders() const {
  std::vector<record::BatchHeader> headers;
  for (const Entry& entry : flights_) {
    for (const record::Batch& batch : entry.flight.frame.batches) headers.push_back(batch.header);
  }
  return headers;
}

}  // namespace leat::log
