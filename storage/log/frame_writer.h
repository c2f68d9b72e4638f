// Writes frames, two at a time, and gives them back in the order of the log: what is durable as
// soon as all before it is, what an error has made uncertain once nothing is being written any
// more.
//
// Owned by the log's `Appender`, which lives until every `ended` has run; the log's thread. After a
// crash any frame not given back as durable may or may not be there.

#ifndef LEAT_STORAGE_LOG_FRAME_WRITER_H_
#define LEAT_STORAGE_LOG_FRAME_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/frame.h"
#include "storage/log/log_types.h"

namespace leat::log {

// A frame and the callbacks that wait for its batches.
struct Flight {
  BuiltFrame frame;
  std::vector<AppendCallback> done;
};

class FrameWriter {
 public:
  // Two flushed writes in flight on one file nearly double what one does; more gain nothing.
  static constexpr size_t kMaxInFlight = 2;

  explicit FrameWriter(io::EventLoop& loop);

  // Writes and flushes a frame that follows on the one before; must not be full. `ended` is called
  // when that has succeeded or failed.
  void Write(std::shared_ptr<io::File> file, io::FilePosition position, Flight flight,
             absl::AnyInvocable<void() &&> ended);

  // Takes out the frames that are durable together with all before them.
  std::vector<Flight> TakeDurable();

  // Takes out all frames. Nothing must be in progress.
  std::vector<Flight> TakeAll();

  // The headers of all batches in flight, in order.
  std::vector<record::BatchHeader> BatchHeaders() const;

  bool full() const { return flights_.size() == kMaxInFlight; }
  bool empty() const { return flights_.empty(); }
  // Frames whose outcome is not known yet.
  size_t in_progress() const { return in_progress_; }
  // OK, or the error that came first.
  const absl::Status& failure() const { return failure_; }

 private:
  struct Entry {
    Flight flight;
    std::optional<absl::Status> outcome;
  };

  void End(uint64_t number, absl::Status outcome);

  io::EventLoop& loop_;
  std::deque<Entry> flights_;
  uint64_t first_number_ = 0;  // Of `flights_.front()`, counting all frames ever written.
  size_t in_progress_ = 0;
  absl::Status failure_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FRAME_WRITER_H_
