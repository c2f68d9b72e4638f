#include "storage/log/segment_tasks.h"

#include <utility>

#include "absl/status/status.h"

namespace leat::log {
namespace {

// Runs `work` in the background and hands its value, or its error, to `done`.
template <typename T>
void OffloadFor(io::EventLoop& loop, absl::AnyInvocable<absl::StatusOr<T>() &&> work,
                Callback<T> done) {
  auto result = std::make_shared<absl::StatusOr<T>>(absl::UnknownError("not run"));
  loop.Offload(
      [work = std::move(work), result]() mutable {
        *result = std::move(work)();
        return result->status();
      },
      // The loop may refuse to run the work, and says so in `status`.
      [result, done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) return std::move(done)(std::move(status));
        std::move(done)(*std::move(result));
      });
}

}  // namespace

void CreateSegmentInBackground(const LogEnvironment& environment, const std::string& directory,
                               const SegmentHeader& header, uint64_t prepare_bytes,
                               Callback<ActiveSegment> done) {
  OffloadFor<ActiveSegment>(
      *environment.loop,
      [files = environment.files, directory, header, prepare_bytes] {
        return CreateSegment(*files, directory, header, prepare_bytes);
      },
      std::move(done));
}

void SealInBackground(const LogEnvironment& environment, ActiveSegment segment,
                      Callback<SealedSegment> done) {
  OffloadFor<SealedSegment>(
      *environment.loop, [segment = std::move(segment)]() mutable { return SealSegment(segment); },
      std::move(done));
}

void CutInBackground(const LogEnvironment& environment, std::shared_ptr<io::File> file,
                     io::FilePosition end, io::IoCallback done) {
  environment.loop->Offload(
      [file = std::move(file), end] {
        const absl::Status cut = file->Truncate(end.bytes);
        return cut.ok() ? file->Sync() : cut;
      },
      std::move(done));
}

void OpenInBackground(const LogEnvironment& environment, const std::string& path,
                      Callback<std::shared_ptr<io::File>> done) {
  OffloadFor<std::shared_ptr<io::File>>(
      *environment.loop,
      [files = environment.files, path]() -> absl::StatusOr<std::shared_ptr<io::File>> {
        return files->Open(path, io::OpenMode::kReadDirect);
      },
      std::move(done));
}

void RemoveInBackground(const LogEnvironment& environment, const std::string& directory,
                        std::vector<std::string> paths, io::IoCallback done) {
  environment.loop->Offload(
      [files = environment.files, directory, paths = std::move(paths)] {
        absl::Status status;
        for (const std::string& path : paths) {
          // It may be gone by an earlier try.
          if (absl::Status removed = files->Remove(path); !absl::IsNotFound(removed)) {
            status.Update(removed);
          }
        }
        status.Update(files->SyncDirectory(directory));
        return status;
      },
      std::move(done));
}

}  // namespace leat::log
