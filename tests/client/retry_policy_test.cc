// The retry policy that ships: gRPC sends again what only reads, and nothing else.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "client/retry_policy.h"
#include "leat/v1/group.pb.h"
#include "leat/v1/log.pb.h"
#include "leat/v1/server.pb.h"
#include "leat/v1/topic.pb.h"

namespace leat::client {
namespace {

using google::protobuf::FileDescriptor;

std::set<std::string> RetriedMethods() {
  google::protobuf::Struct policy;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(kRetryPolicy, &policy).ok());
  std::set<std::string> methods;
  for (const auto& config : policy.fields().at("methodConfig").list_value().values()) {
    for (const auto& name : config.struct_value().fields().at("name").list_value().values()) {
      const auto& fields = name.struct_value().fields();
      methods.insert(fields.at("service").string_value() + "." +
                     fields.at("method").string_value());
    }
  }
  return methods;
}

bool OnlyReads(const std::string& method) {
  return method.starts_with("Get") || method.starts_with("List") || method == "Fetch";
}

TEST(RetryPolicyTest, IsForAllMethodsThatOnlyReadAndForNoOthers) {
  std::set<std::string> unary_reads;
  for (const FileDescriptor* file :
       {v1::GetTopicRequest::descriptor()->file(), v1::ProduceRequest::descriptor()->file(),
        v1::GetGroupRequest::descriptor()->file(),
        v1::GetServerInfoRequest::descriptor()->file()}) {
    const auto* const service = file->service(0);
    for (int i = 0; i < service->method_count(); ++i) {
      if (OnlyReads(service->method(i)->name()))
        unary_reads.insert(service->method(i)->full_name());
    }
  }
  EXPECT_TRUE(unary_reads.contains("leat.v1.LogService.ListOffsets"));
  EXPECT_EQ(RetriedMethods(), unary_reads);
}

}  // namespace
}  // namespace leat::client
