#include "server/rpc/validate.h"

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <vector>

namespace leat::rpc {
namespace {

constexpr size_t kMaxTopicNameBytes = 249;
constexpr size_t kMaxTopicIdBytes = 36;

bool IsTopicCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// Where in `message` an unknown field stands, such as "ReadRequest.start.17"; empty when there is
// none.
std::string FindUnknownField(const google::protobuf::Message& message, const std::string& path) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) return fmt::format("{}.{}", path, unknown.field(0).number());
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string inner = fmt::format("{}.{}", path, field->name());
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto& child = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                               : reflection.GetMessage(message, field);
      if (std::string found = FindUnknownField(child, inner); !found.empty()) return found;
    }
  }
  return "";
}

}  // namespace

void FieldErrors::Add(std::string_view field, std::string_view description) {
  if (violations_.size() < kMaxViolations) violations_.emplace_back(field, description);
}

void FieldErrors::CheckRange(std::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return;
  Add(field, fmt::format("is {}, must be from {} to {}", value, least, most));
}

absl::Status FieldErrors::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  std::string message;
  for (const auto& [field, description] : violations_) {
    if (!message.empty()) message += "; ";
    message += fmt::format("{} {}", field, description);
  }
  return record::MakeError(record::Reason::kInvalidField, message, violations_);
}

bool IsTopicName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTopicNameBytes && name != "." && name != ".." &&
         !name.starts_with("__") && std::all_of(name.begin(), name.end(), IsTopicCharacter);
}

void CheckTopicName(std::string_view name, FieldErrors& errors) {
  if (IsTopicName(name)) return;
  errors.Add("topic", name.empty()
                          ? "is required"
                          : "must be 1 to 249 of A-Z, a-z, 0-9, '.', '_' and '-', not '.' or "
                            "'..', and not begin with '__'");
}

void CheckProducerName(std::string_view name, FieldErrors& errors) {
  if (!name.empty() && name.size() <= kMaxTopicNameBytes &&
      std::all_of(name.begin(), name.end(), IsTopicCharacter)) {
    return;
  }
  errors.Add("name",
             name.empty() ? "is required" : "must be 1 to 249 of A-Z, a-z, 0-9, '.', '_' and '-'");
}

void CheckTopicId(std::string_view id, FieldErrors& errors) {
  if (id.size() <= kMaxTopicIdBytes && std::all_of(id.begin(), id.end(), IsTopicCharacter)) return;
  errors.Add("topic_id", "is not a UUID");
}

absl::Status RefuseUnknownFields(const google::protobuf::Message& message) {
  const std::string field = FindUnknownField(message, message.GetDescriptor()->name());
  if (field.empty()) return absl::OkStatus();
  return record::MakeError(record::Reason::kUnknownField,
                           fmt::format("this server does not know the field {}", field),
                           {{"field", field}});
}

}  // namespace leat::rpc
