// The blocking works on segments, run on a background thread. `done` runs on the loop's thread,
// never inside the call. Errors are those of `segment_file.h`.
//
// The loop and the file system must outlive the work.

#ifndef LEAT_STORAGE_LOG_SEGMENT_TASKS_H_
#define LEAT_STORAGE_LOG_SEGMENT_TASKS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/log_types.h"
#include "storage/log/segment_file.h"

namespace leat::log {

template <typename T>
using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

// `CreateSegment`.
void CreateSegmentInBackground(const LogEnvironment& environment, const std::string& directory,
                               const SegmentHeader& header, uint64_t prepare_bytes,
                               Callback<ActiveSegment> done);

// `SealSegment`.
void SealInBackground(const LogEnvironment& environment, ActiveSegment segment,
                      Callback<SealedSegment> done);

// Gives back the prepared blocks after `end`, durably.
void CutInBackground(const LogEnvironment& environment, std::shared_ptr<io::File> file,
                     io::FilePosition end, io::IoCallback done);

// Opens a sealed segment for reading.
void OpenInBackground(const LogEnvironment& environment, const std::string& path,
                      Callback<std::shared_ptr<io::File>> done);

// Removes files of one directory, in order, durably; those that are gone already count as removed.
// Safe to repeat.
void RemoveInBackground(const LogEnvironment& environment, const std::string& directory,
                        std::vector<std::string> paths, io::IoCallback done);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_TASKS_H_
