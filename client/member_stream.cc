#include "client/member_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "client/monotonic_clock.h"
#include "client/status.h"

namespace leat::client {
namespace {

constexpr char kMethod[] = "/leat.v1.GroupService/Consume";
constexpr absl::Duration kMinPause = absl::Milliseconds(100);
constexpr absl::Duration kMaxPause = absl::Seconds(5);

}  // namespace

MemberStream::MemberStream(std::shared_ptr<const Connection> connection,
                           std::shared_ptr<Wakeup> wakeup)
    : connection_(std::move(connection)), wakeup_(std::move(wakeup)) {}

void MemberStream::Begin(v1::Join join, absl::Time now) {
  call_ = std::make_unique<RawCall>(connection_, kMethod, wakeup_);
  next_try_ = now;
  v1::ConsumeRequest request;
  *request.mutable_join() = std::move(join);
  Send(std::move(request));
}

void MemberStream::OnJoined() {
  joined_ = true;
  failures_in_a_row_ = 0;
}

void MemberStream::Send(v1::ConsumeRequest request) {
  outgoing_.push_back(std::move(request));
  Flush();
}

void MemberStream::Flush() {
  while (call_ != nullptr && !outgoing_.empty() && call_->CanWrite()) {
    call_->Write({outgoing_.front().SerializeAsString(), nullptr});
    outgoing_.pop_front();
    last_sent_ = MonotonicNow();
  }
}

absl::StatusOr<std::optional<ConsumeMessage>> MemberStream::Read() {
  if (call_ == nullptr) return std::nullopt;
  std::optional<std::string> bytes = call_->Read();
  if (!bytes.has_value()) return std::nullopt;
  absl::StatusOr<ConsumeMessage> message = DecodeConsumeMessage(*std::move(bytes));
  if (!message.ok()) return std::move(message).status();
  return *std::move(message);
}

std::optional<absl::Status> MemberStream::TakeEnd() {
  if (call_ == nullptr) return std::nullopt;
  return call_->Ended();
}

void MemberStream::Break(absl::Time not_before) {
  call_.reset();
  outgoing_.clear();
  joined_ = false;
  next_try_ = not_before;
}

absl::Duration MemberStream::NextPause(const absl::Status& why) {
  const int doublings = std::min(failures_in_a_row_++, 10);
  const absl::Duration pause = std::min(kMinPause * (1 << doublings), kMaxPause);
  // Members that lost one server together do not come back together.
  const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  return std::max(pause * share, RetryDelayOf(why).value_or(absl::ZeroDuration()));
}

}  // namespace leat::client
