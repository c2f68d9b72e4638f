// ServerService: what the server says of itself.
#include <google/protobuf/util/time_util.h>

#include <utility>

#include "leat/v1/server.grpc.pb.h"
#include "server/rpc/services.h"
#include "server/rpc/unary_call.h"

namespace leat::rpc {
namespace {

using google::protobuf::util::TimeUtil;

// Raised whenever a request message gets a field.
constexpr uint32_t kApiLevel = 2;

v1::RecoveryFinding::Kind ToProto(log::Finding::Kind kind) {
  switch (kind) {
    case log::Finding::Kind::kTailCut:
      return v1::RecoveryFinding::KIND_TAIL_CUT;
    case log::Finding::Kind::kCorrupt:
      return v1::RecoveryFinding::KIND_CORRUPT;
    case log::Finding::Kind::kQuarantined:
      return v1::RecoveryFinding::KIND_QUARANTINED;
    case log::Finding::Kind::kMissing:
      return v1::RecoveryFinding::KIND_MISSING;
    case log::Finding::Kind::kLeftoverRemoved:
      return v1::RecoveryFinding::KIND_LEFTOVER_REMOVED;
    case log::Finding::Kind::kProducersRebuilt:
      return v1::RecoveryFinding::KIND_PRODUCERS_REBUILT;
  }
  return v1::RecoveryFinding::KIND_UNSPECIFIED;
}

v1::RecoveryReport ToProto(const broker::RecoverySummary& summary) {
  v1::RecoveryReport report;
  *report.mutable_duration() =
      TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(summary.duration));
  report.set_clean_shutdown(summary.clean_shutdown);
  report.set_new_directory(summary.new_directory);
  report.set_partitions_opened(summary.partitions_opened);
  report.set_bytes_checked(summary.bytes_checked);
  for (const auto& [topic, partition, finding] : summary.findings) {
    v1::RecoveryFinding& told = *report.add_findings();
    told.set_topic(topic);
    told.set_partition(partition);
    told.set_kind(ToProto(finding.kind));
    told.set_file(finding.file);
    told.set_position(finding.position.bytes);
    told.set_bytes(finding.bytes);
    told.set_offset(finding.offset.value);
    told.set_detail(finding.detail);
  }
  report.set_findings_total(summary.findings_total);
  return report;
}

v1::GetServerInfoResponse Describe(const RpcContext& context, const ServerFacts& facts) {
  v1::GetServerInfoResponse info;
  info.set_version(facts.version);
  info.set_directory_id(broker::FormatUuid(context.broker.directory_id()));
  info.set_data_directory(facts.data_directory);
  *info.mutable_start_time() =
      TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(facts.start_time));
  info.set_io_backend(facts.io_backend == io::IoBackendKind::kUring ? v1::IO_BACKEND_URING
                                                                    : v1::IO_BACKEND_POSIX);
  info.set_io_backend_reason(facts.io_backend_reason);
  info.set_direct_io(facts.direct_io);
  info.set_shard_count(context.broker.shard_count());
  v1::ServerLimits& limits = *info.mutable_limits();
  limits.set_max_message_bytes(context.limits.max_message_bytes);
  limits.set_max_record_bytes(context.limits.max_record_bytes);
  limits.set_max_partitions_per_topic(context.limits.max_partitions_per_topic);
  limits.set_max_topics(context.limits.max_topics);
  *info.mutable_recovery() = ToProto(context.broker.recovery());
  info.set_api_level(kApiLevel);
  return info;
}

class ServerService final : public v1::ServerService::CallbackService {
 public:
  ServerService(RpcContext& context, const ServerFacts& facts)
      : context_(context), info_(Describe(context, facts)) {}

  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const v1::GetServerInfoRequest* request,
                                          v1::GetServerInfoResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, absl::OkStatus())) return call.reactor();
    *response = info_;
    call.Finish(absl::OkStatus());
    return call.reactor();
  }

 private:
  RpcContext& context_;
  const v1::GetServerInfoResponse info_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeServerService(RpcContext& context, const ServerFacts& facts) {
  return std::make_unique<ServerService>(context, facts);
}

}  // namespace leat::rpc
