// GroupService: raw bytes for the stream that carries records, typed messages for the rest. What
// each call does is in the file of its name.
#include <algorithm>
#include <utility>
#include <vector>

#include "leat/v1/group.grpc.pb.h"
#include "server/rpc/consume_stream.h"
#include "server/rpc/group_commit.h"
#include "server/rpc/group_report.h"
#include "server/rpc/group_seek.h"
#include "server/rpc/services.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/validate_group.h"

namespace leat::rpc {
namespace {

using grpc::ByteBuffer;

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;
using Service = v1::GroupService;

using Base = Service::WithRawCallbackMethod_Consume<
    Service::WithCallbackMethod_CommitOffsets<Service::WithCallbackMethod_ListGroups<
        Service::WithCallbackMethod_GetGroup<Service::WithCallbackMethod_SeekGroup<
            Service::WithCallbackMethod_DeleteGroup<Service::Service>>>>>>;

constexpr size_t kDefaultPageSize = 100;

// For answers that come as a whole.
template <typename Response>
auto AnswerWith(const UnaryCall& call, Response* response) {
  return call.Answer<Response>([response](Response made) {
    *response = std::move(made);
    return absl::OkStatus();
  });
}

class GroupService final : public Base {
 public:
  GroupService(RpcContext& context, group::Coordinator& groups)
      : context_(context), groups_(groups) {}

  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* Consume(Context*) override {
    return StartConsume(context_, groups_);
  }

  Reactor* CommitOffsets(Context* context, const v1::CommitOffsetsRequest* request,
                         v1::CommitOffsetsResponse* response) override {
    UnaryCall call(context_, *context);
    if (call.Admit(*request, Validate(*request))) {
      rpc::CommitOffsets(context_, groups_, *request, AnswerWith(call, response));
    }
    return call.reactor();
  }

  Reactor* ListGroups(Context* context, const v1::ListGroupsRequest* request,
                      v1::ListGroupsResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    const size_t limit = request->page_size() == 0 ? kDefaultPageSize : request->page_size();
    // One more tells whether there is another page.
    groups_.List(request->name_prefix(), request->page_token(), limit + 1,
                 call.Answer<std::vector<group::GroupSummary>>(
                     [limit, response](const std::vector<group::GroupSummary>& groups) {
                       for (size_t i = 0; i < std::min(limit, groups.size()); ++i) {
                         *response->add_groups() = ToProto(groups[i]);
                       }
                       if (groups.size() > limit) {
                         response->set_next_page_token(groups[limit - 1].name);
                       }
                       return absl::OkStatus();
                     }));
    return call.reactor();
  }

  Reactor* GetGroup(Context* context, const v1::GetGroupRequest* request,
                    v1::GetGroupResponse* response) override {
    UnaryCall call(context_, *context);
    if (call.Admit(*request, Validate(*request))) {
      ReportGroup(context_, groups_, *request, AnswerWith(call, response));
    }
    return call.reactor();
  }

  Reactor* SeekGroup(Context* context, const v1::SeekGroupRequest* request,
                     v1::SeekGroupResponse* response) override {
    UnaryCall call(context_, *context);
    if (call.Admit(*request, Validate(*request))) {
      rpc::SeekGroup(context_, groups_, *request, AnswerWith(call, response));
    }
    return call.reactor();
  }

  Reactor* DeleteGroup(Context* context, const v1::DeleteGroupRequest* request,
                       v1::DeleteGroupResponse*) override {
    UnaryCall call(context_, *context);
    if (call.Admit(*request, Validate(*request))) {
      groups_.Submit(
          group::command::DeleteGroup{request->group(), request->force()},
          call.Answer<group::Outcome>([](const group::Outcome&) { return absl::OkStatus(); }));
    }
    return call.reactor();
  }

 private:
  RpcContext& context_;
  group::Coordinator& groups_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGroupService(RpcContext& context, group::Coordinator& groups) {
  return std::make_unique<GroupService>(context, groups);
}

}  // namespace leat::rpc
