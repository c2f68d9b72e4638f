// A member of a consumer group on a stream of its own, as thin as one can be: it gives back at once
// what it is asked for, and tells an `Ownership` what it has.
//
// Owned by whoever measures; `Leave` and `AwaitEnd` before it is destroyed.

#ifndef LEAT_BENCH_PROGRAMS_GROUP_MEMBER_H_
#define LEAT_BENCH_PROGRAMS_GROUP_MEMBER_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "bench/programs/ownership.h"
#include "leat/v1/group.grpc.pb.h"

namespace leat::bench {

class GroupMember : public grpc::ClientBidiReactor<v1::ConsumeRequest, v1::ConsumeResponse> {
 public:
  // Joins. What is over `ownership`: a stream that ends before `Leave`, and commands that fail.
  GroupMember(const std::shared_ptr<grpc::Channel>& channel, int number, const v1::Join& join,
              Ownership& ownership);

  void Leave();
  // Blocks until the stream has ended.
  void AwaitEnd() { ended_.WaitForNotification(); }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  void Send(v1::ConsumeRequest request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Handle(const v1::ConsumeResponse& response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(const v1::Revoked& revoked) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int number_;
  Ownership& ownership_;
  const std::unique_ptr<v1::GroupService::Stub> stub_;
  grpc::ClientContext context_;
  v1::ConsumeResponse response_;

  absl::Mutex mutex_;
  std::deque<v1::ConsumeRequest> requests_ ABSL_GUARDED_BY(mutex_);  // The first is being written.
  bool left_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;  // Nothing more can be written.
  absl::Notification ended_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_PROGRAMS_GROUP_MEMBER_H_
