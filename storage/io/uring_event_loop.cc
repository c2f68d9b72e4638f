#include "storage/io/uring_event_loop.h"

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/alignment.h"
#include "storage/io/check.h"
#include "storage/io/loop_base.h"
#include "storage/io/posix_error.h"

namespace leat::io {
namespace {

// One operation of the caller's; several of the kernel's when it does less than asked. Its address
// is its name in the ring.
struct Operation {
  enum class Kind { kRead, kWriteDurably };

  Kind kind;
  const File* file;
  FilePosition position;  // Moves on with what is done, as does data.
  absl::Span<char> data;  // Only read from by a write.
  IoCallback done;
  absl::Status result;
  Operation* next = nullptr;  // In the one list that it is on.
};

// First in, first out.
class OperationList {
 public:
  bool empty() const { return first_ == nullptr; }

  void PushBack(Operation* operation) {
    operation->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = operation;
    last_ = operation;
  }

  Operation* PopFront() {
    Operation* operation = first_;
    first_ = operation->next;
    return operation;
  }

 private:
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;
};

class UringEventLoop : public LoopBase {
 public:
  UringEventLoop(io_uring ring, uint32_t operations_max, std::shared_ptr<Mailbox> mailbox,
                 std::shared_ptr<BackgroundPool> background)
      : LoopBase(std::move(mailbox), std::move(background)),
        ring_(ring),
        operations_max_(operations_max) {}

  ~UringEventLoop() override { io_uring_queue_exit(&ring_); }

  void WriteDurably(File& file, FilePosition position, absl::Span<const char> data,
                    IoCallback done) override {
    Start(Operation::Kind::kWriteDurably, file, position,
          absl::MakeSpan(const_cast<char*>(data.data()), data.size()), std::move(done));
  }

  void Read(File& file, FilePosition position, absl::Span<char> data, IoCallback done) override {
    Start(Operation::Kind::kRead, file, position, data, std::move(done));
  }

 private:
  void Begin() override;
  void End() override;
  bool HasCompletions() const override { return !completed_.empty(); }
  void Poll(absl::Duration max_wait) override;

  void Start(Operation::Kind kind, File& file, FilePosition position, absl::Span<char> data,
             IoCallback done);
  void FillRing();
  void ArmWake();
  void Enter(absl::Duration max_wait);
  void TakeCompletions();
  void Advance(Operation* operation, int result);
  void Complete(Operation* operation, absl::Status result);
  void RunCompletions();

  io_uring ring_;
  const uint32_t operations_max_;
  uint32_t in_kernel_ = 0;            // Operations, without the read that wakes.
  OperationList waiting_;             // For a place in the ring.
  OperationList completed_;           // For their callbacks.
  std::deque<Operation> operations_;  // All there ever were; stable addresses.
  OperationList free_;
  bool wake_armed_ = false;
  uint64_t wake_count_ = 0;  // Written by the kernel while wake_armed_.
};

// The ring belongs to the thread that runs the loop, not to the one that made it.
void UringEventLoop::Begin() {
  if ((ring_.flags & IORING_SETUP_R_DISABLED) == 0) return;
  // Debian's liburing 2.3 declares io_uring_enable_rings but does not export it.
  LEAT_CHECK(syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr,
                     0) == 0);
}

// Takes the last read of the eventfd back: the kernel would write to `wake_count_` after this
// object is gone.
void UringEventLoop::End() {
  mailbox().Wake();
  while (wake_armed_) {
    Enter(absl::InfiniteDuration());
    TakeCompletions();
  }
}

void UringEventLoop::Start(Operation::Kind kind, File& file, FilePosition position,
                           absl::Span<char> data, IoCallback done) {
  OperationBegins();
  Operation* operation = free_.empty() ? &operations_.emplace_back() : free_.PopFront();
  operation->kind = kind;
  operation->file = &file;
  operation->position = position;
  operation->data = data;
  operation->done = std::move(done);
  absl::Status aligned = CheckAlignment(file, position, data.data(), data.size());
  if (!aligned.ok() || data.empty()) {
    Complete(operation, std::move(aligned));
  } else {
    waiting_.PushBack(operation);
  }
}

void UringEventLoop::Poll(absl::Duration max_wait) {
  ArmWake();
  FillRing();
  Enter(max_wait);
  TakeCompletions();
  RunCompletions();
}

void UringEventLoop::ArmWake() {
  if (wake_armed_) return;
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  LEAT_CHECK(entry != nullptr);
  io_uring_prep_read(entry, mailbox().wake_descriptor(), &wake_count_, sizeof(wake_count_), 0);
  io_uring_sqe_set_data(entry, nullptr);
  wake_armed_ = true;
}

void UringEventLoop::FillRing() {
  // The kernel counts the bytes of one call in 31 bits.
  constexpr size_t kPartBytesMax = size_t{1} << 30;
  while (!waiting_.empty() && in_kernel_ < operations_max_) {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    if (entry == nullptr) return;  // The kernel has yet to take what is there.
    Operation* operation = waiting_.PopFront();
    const int descriptor = operation->file->descriptor();
    const auto bytes = static_cast<uint32_t>(std::min(operation->data.size(), kPartBytesMax));
    if (operation->kind == Operation::Kind::kRead) {
      io_uring_prep_read(entry, descriptor, operation->data.data(), bytes,
                         operation->position.bytes);
    } else {
      io_uring_prep_write(entry, descriptor, operation->data.data(), bytes,
                          operation->position.bytes);
      entry->rw_flags = RWF_DSYNC;
    }
    io_uring_sqe_set_data(entry, operation);
    ++in_kernel_;
  }
}

// The turn's one system call; none when there is nothing to submit, to wait for or to fetch.
void UringEventLoop::Enter(absl::Duration max_wait) {
  int result;
  if (max_wait == absl::ZeroDuration()) {
    const bool work_pending =
        (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & IORING_SQ_TASKRUN) != 0;
    if (io_uring_sq_ready(&ring_) == 0 && !work_pending) return;
    result = io_uring_submit_and_get_events(&ring_);
  } else if (max_wait == absl::InfiniteDuration()) {
    result = io_uring_submit_and_wait(&ring_, 1);
  } else {
    const timespec time = absl::ToTimespec(max_wait);
    __kernel_timespec timeout{.tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec};
    io_uring_cqe* first;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
  }
  // ETIME: the wait is over. EBUSY, EAGAIN: the kernel wants completions taken first, or is out of
  // memory; the next turn submits what it did not take. Anything else is a misuse of the ring.
  LEAT_CHECK(result >= 0 || result == -ETIME || result == -EBUSY || IsTransient(-result));
}

void UringEventLoop::TakeCompletions() {
  unsigned head;
  unsigned count = 0;
  io_uring_cqe* completion;
  io_uring_for_each_cqe(&ring_, head, completion) {
    ++count;
    void* data = io_uring_cqe_get_data(completion);
    if (data == nullptr) {
      wake_armed_ = false;
    } else {
      --in_kernel_;
      Advance(static_cast<Operation*>(data), completion->res);
    }
  }
  io_uring_cq_advance(&ring_, count);
}

// Takes note of what the kernel did of an operation: `result` bytes, or an error when negative.
void UringEventLoop::Advance(Operation* operation, int result) {
  const bool reads = operation->kind == Operation::Kind::kRead;
  const std::string& path = operation->file->path();
  if (result < 0) {
    if (IsTransient(-result)) return waiting_.PushBack(operation);
    return Complete(operation, PosixError(-result, reads ? "read" : "flushed write", path));
  }
  if (result == 0) {
    return Complete(
        operation,
        reads ? PastTheEnd(path) : absl::InternalError(absl::StrCat("write ", path, ": stalled")));
  }
  operation->data.remove_prefix(result);
  operation->position = operation->position + result;
  if (operation->data.empty()) return Complete(operation, absl::OkStatus());
  // A direct read that stops inside a block has met the end, and could not go on from there.
  if (reads && operation->file->direct() && operation->position.bytes % kBlockBytes != 0) {
    return Complete(operation, PastTheEnd(path));
  }
  waiting_.PushBack(operation);
}

void UringEventLoop::Complete(Operation* operation, absl::Status result) {
  operation->result = std::move(result);
  completed_.PushBack(operation);
}

void UringEventLoop::RunCompletions() {
  OperationList completed = std::exchange(completed_, {});
  while (!completed.empty()) {
    Operation* operation = completed.PopFront();
    IoCallback done = std::move(operation->done);
    absl::Status result = std::move(operation->result);
    free_.PushBack(operation);
    OperationEnds();
    std::move(done)(std::move(result));
  }
}

// A ring with the newest flags that the kernel takes, or a negative errno.
int InitRing(uint32_t entries, io_uring& ring, uint32_t& features) {
  // The second set is for kernels before 6.1.
  constexpr uint32_t kFlags[] = {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                     IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED,
                                 0};
  int result = 0;
  for (const uint32_t flags : kFlags) {
    io_uring_params params{};
    params.flags = flags;
    result = io_uring_queue_init_params(entries, &ring, &params);
    features = params.features;
    if (result != -EINVAL) break;
  }
  return result;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> CreateUringEventLoop(UringOptions options) {
  constexpr uint32_t kOperationsMax = 4096;
  const uint32_t operations_max = std::clamp(options.operations_max, 1u, kOperationsMax);
  absl::StatusOr<std::shared_ptr<Mailbox>> mailbox = Mailbox::Create();
  if (!mailbox.ok()) return mailbox.status();
  io_uring ring;
  uint32_t features = 0;
  // One entry more, for the read that wakes. The completion queue is twice as long, so it never
  // overflows.
  const int result = InitRing(operations_max + 1, ring, features);
  if (result < 0) return PosixError(-result, "create", "an io_uring");
  if ((features & IORING_FEAT_EXT_ARG) == 0 || (features & IORING_FEAT_NODROP) == 0) {
    io_uring_queue_exit(&ring);
    return absl::UnimplementedError("create an io_uring: the kernel is older than 5.11");
  }
  return std::make_unique<UringEventLoop>(ring, operations_max, *std::move(mailbox),
                                          std::move(options.background));
}

}  // namespace leat::io
