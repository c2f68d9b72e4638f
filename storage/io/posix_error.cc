#include "storage/io/posix_error.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace leat::io {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case EIO:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status PosixError(int error, absl::string_view operation, absl::string_view path) {
  const char* name = strerrorname_np(error);
  const char* description = strerrordesc_np(error);
  return absl::Status(CodeOf(error), absl::StrCat(operation, " ", path, ": ",
                                                  name != nullptr ? name : "unknown errno", " (",
                                                  description != nullptr ? description : "?", ")"));
}

absl::Status PastTheEnd(absl::string_view path) {
  return absl::OutOfRangeError(absl::StrCat("read ", path, ": past the end of the file"));
}

bool IsTransient(int error) { return error == EINTR || error == EAGAIN; }

}  // namespace leat::io
