#include "bench/programs/group_member.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace leat::bench {

GroupMember::GroupMember(const std::shared_ptr<grpc::Channel>& channel, int number,
                         const v1::Join& join, Ownership& ownership)
    : number_(number), ownership_(ownership), stub_(v1::GroupService::NewStub(channel)) {
  ownership_.Enter(number_);
  stub_->async()->Consume(&context_, this);
  AddHold();  // Writes are started by the owner too.
  v1::ConsumeRequest request;
  *request.mutable_join() = join;
  {
    absl::MutexLock lock(&mutex_);
    Send(std::move(request));
  }
  StartRead(&response_);
  StartCall();
}

void GroupMember::Leave() {
  absl::MutexLock lock(&mutex_);
  left_ = true;
  ownership_.Leave(number_);
  v1::ConsumeRequest request;
  request.mutable_leave();
  Send(std::move(request));
}

void GroupMember::Send(v1::ConsumeRequest request) {
  if (over_) return;
  requests_.push_back(std::move(request));
  if (requests_.size() == 1) StartWrite(&requests_.front());
}

void GroupMember::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  requests_.pop_front();
  over_ |= !ok;
  if (!over_ && !requests_.empty()) StartWrite(&requests_.front());
}

void GroupMember::OnReadDone(bool ok) {
  if (ok) {
    {
      absl::MutexLock lock(&mutex_);
      Handle(response_);
    }
    return StartRead(&response_);
  }
  {
    absl::MutexLock lock(&mutex_);
    over_ = true;
  }
  RemoveHold();
}

void GroupMember::Handle(const v1::ConsumeResponse& response) {
  if (left_) return;
  if (response.has_assigned()) {
    for (const v1::PartitionPosition& position : response.assigned().positions()) {
      ownership_.Assign(number_, position.partition(), position.assignment_epoch());
    }
  } else if (response.has_revoked()) {
    Release(response.revoked());
  } else if (response.has_command_result()) {
    ownership_.Fail(absl::InternalError(
        absl::StrCat("member ", number_, ": ", response.command_result().ShortDebugString())));
  }
}

void GroupMember::Release(const v1::Revoked& revoked) {
  for (const v1::PartitionPosition& position : revoked.positions()) {
    ownership_.Free(number_, position.partition());
  }
  if (revoked.deadline_ms() == 0) return;
  v1::ConsumeRequest request;
  *request.mutable_release()->mutable_positions() = revoked.positions();
  Send(std::move(request));
}

void GroupMember::OnDone(const grpc::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (!left_ || !status.ok()) {
      ownership_.Fail(absl::UnavailableError(
          absl::StrCat("the stream of member ", number_, " ended: ", status.error_message())));
    }
  }
  ended_.Notify();
}

}  // namespace leat::bench
