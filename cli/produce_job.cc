#include "cli/produce_job.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/line_reader.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "client/producer.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

// What no topic allows more of. JSON may write each byte as six.
constexpr size_t kMaxRawLineBytes = 3 << 20;
constexpr size_t kMaxJsonLineBytes = 6 * kMaxRawLineBytes;

// What became of the records. Callbacks count, the main thread looks.
class Tally {
 public:
  struct Counts {
    uint64_t produced = 0;
    uint64_t failed = 0;
    uint64_t unknown = 0;
    uint64_t first_failed_line = 0;
    absl::Status first_failure;
  };

  void Count(const client::SendResult& result, uint64_t line) {
    absl::MutexLock lock(&mutex_);
    if (result.status.ok()) {
      ++counts_.produced;
      return;
    }
    ++(result.outcome == client::AppendOutcome::kUnknown ? counts_.unknown : counts_.failed);
    if (counts_.first_failure.ok() || line < counts_.first_failed_line) {
      counts_.first_failure = result.status;
      counts_.first_failed_line = line;
    }
  }

  Counts counts() const {
    absl::MutexLock lock(&mutex_);
    return counts_;
  }

 private:
  mutable absl::Mutex mutex_;
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<client::ProducerOptions> OptionsFor(const ProduceFlags& flags) {
  client::ProducerOptions options;
  if (flags.codec == "zstd") {
    options.codec = record::Codec::kZstd;
  } else if (flags.codec == "lz4") {
    options.codec = record::Codec::kLz4;
  } else if (flags.codec != "none") {
    return absl::InvalidArgumentError(
        fmt::format("--codec '{}' must be none, zstd or lz4", flags.codec));
  }
  if (flags.durability == "synced") {
    options.durability = client::Durability::kSynced;
  } else if (flags.durability == "written") {
    options.durability = client::Durability::kWritten;
  } else if (!flags.durability.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("--durability '{}' must be synced or written", flags.durability));
  }
  const absl::StatusOr<absl::Duration> timeout = ParseDuration(flags.timeout);
  if (!timeout.ok()) return timeout.status();
  options.delivery_timeout = *timeout;
  return options;
}

// A file descriptor that closes itself, unless it is standard input.
class InputFile {
 public:
  static absl::StatusOr<InputFile> Open(const std::string& path) {
    const int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return absl::ErrnoToStatus(errno, "cannot open " + path);
    return InputFile(descriptor);
  }
  InputFile(InputFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, STDIN_FILENO)) {}
  ~InputFile() {
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
  }

  int descriptor() const { return descriptor_; }
  // 0 when it is not known.
  uint64_t size() const {
    struct stat info = {};
    return fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode)
               ? static_cast<uint64_t>(info.st_size)
               : 0;
  }

 private:
  explicit InputFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Lines of one format, as records with what the flags add.
class RecordSource {
 public:
  static absl::StatusOr<RecordSource> Create(const ProduceFlags& flags) {
    if (flags.format != "raw" && flags.format != "jsonl") {
      return absl::InvalidArgumentError(
          fmt::format("input format '{}' must be raw or jsonl", flags.format));
    }
    absl::StatusOr<LineParser> parser = LineParser::Create(flags.line);
    if (!parser.ok()) return std::move(parser).status();
    RecordSource source(flags, *std::move(parser));
    for (const std::string& header : flags.headers) {
      auto parsed = ParseHeader(header);
      if (!parsed.ok()) return std::move(parsed).status();
      source.headers_.push_back(*std::move(parsed));
    }
    return source;
  }

  size_t max_line_bytes() const { return is_json_ ? kMaxJsonLineBytes : kMaxRawLineBytes; }

  absl::StatusOr<InputRecord> Parse(std::string_view line) const {
    absl::StatusOr<InputRecord> record = is_json_ ? ParseJsonRecord(line) : parser_.Parse(line);
    if (!record.ok()) return record;
    if (is_json_ && flags_.line.key.has_value()) record->key = flags_.line.key;
    record->headers.insert(record->headers.end(), headers_.begin(), headers_.end());
    if (!flags_.keep_partition) record->partition.reset();
    if (flags_.partition.has_value()) record->partition = flags_.partition;
    return record;
  }

 private:
  RecordSource(const ProduceFlags& flags, LineParser parser)
      : flags_(flags), is_json_(flags.format == "jsonl"), parser_(std::move(parser)) {}

  const ProduceFlags& flags_;
  const bool is_json_;
  LineParser parser_;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers_;
};

// What ended the input early.
struct Fault {
  ExitCode code = kOk;
  std::string message;
};

// Sends every line, up to the first fault.
Fault SendLines(const RecordSource& source, const Subject& subject, LineReader& lines,
                client::Producer& producer, Tally& tally, ProgressLine& progress) {
  const auto at_line = [&](const absl::Status& status) {
    return fmt::format("line {}: {}", lines.line_number(), Explain(status, subject));
  };
  while (tally.counts().first_failure.ok()) {
    const auto line = lines.Next();
    if (!line.ok()) return {kFailed, Explain(line.status(), subject)};
    if (!line->has_value()) break;
    const absl::StatusOr<InputRecord> record = source.Parse(**line);
    if (!record.ok()) return {kFailed, at_line(record.status())};
    const uint64_t number = lines.line_number();
    const absl::Status sent = producer.Send(
        subject.topic, record->View(),
        [&tally, number](const client::SendResult& result) { tally.Count(result, number); });
    if (!sent.ok()) return {ExitCodeOf(sent), at_line(sent)};
    progress.Update(number, lines.bytes_read());
  }
  return {};
}

std::string Summary(const Tally::Counts& counts, const std::string& topic, uint64_t bytes,
                    absl::Duration elapsed) {
  std::string text =
      fmt::format("{}: {} in {}", topic, DescribeProgress(counts.produced, bytes, 0, elapsed),
                  absl::FormatDuration(absl::Trunc(elapsed, absl::Milliseconds(1))));
  if (counts.failed > 0)
    text += fmt::format("; {} not appended", FormatCount(static_cast<int64_t>(counts.failed)));
  if (counts.unknown > 0) {
    text += fmt::format("; {} perhaps appended", FormatCount(static_cast<int64_t>(counts.unknown)));
  }
  return text;
}

}  // namespace

ExitCode Produce(const GlobalOptions& globals, const ProduceFlags& flags) {
  const Subject subject = {globals.server, flags.topic};
  const absl::StatusOr<client::ProducerOptions> options = OptionsFor(flags);
  if (!options.ok()) return Fail(options.status(), subject);
  const absl::StatusOr<RecordSource> source = RecordSource::Create(flags);
  if (!source.ok()) return Fail(source.status(), subject);
  const absl::StatusOr<InputFile> input = InputFile::Open(flags.file);
  if (!input.ok()) return Fail(input.status(), {});

  // Before anything is typed.
  const client::Client client = globals.Connect();
  if (auto topic = client::Admin(client).GetTopic(flags.topic); !topic.ok()) {
    return Fail(topic.status(), subject);
  }

  const Interrupt interrupt;
  Tally tally;
  LineReader lines(input->descriptor(), interrupt.descriptor(), source->max_line_bytes());
  ProgressLine progress(!globals.quiet, input->size());
  const absl::Time started = absl::Now();
  client::Producer producer(client, *options);
  const Fault fault = SendLines(*source, subject, lines, producer, tally, progress);
  // Each record is answered or given up within the delivery timeout.
  static_cast<void>(producer.Flush());
  progress.Clear();

  const Tally::Counts counts = tally.counts();
  if (!counts.first_failure.ok()) {
    Complain(fmt::format("line {}: {}", counts.first_failed_line,
                         Explain(counts.first_failure, subject)));
  }
  if (fault.code != kOk) Complain(fault.message);
  if (counts.produced > 0 || fault.code == kOk) {
    globals.Tell(Summary(counts, flags.topic, lines.bytes_read(), absl::Now() - started));
  }
  if (interrupt.requested()) return kInterrupted;
  if (fault.code == kOk && counts.first_failure.ok()) return kOk;
  if (counts.produced > 0) return kPartlyDone;
  return fault.code != kOk ? fault.code : ExitCodeOf(counts.first_failure);
}

}  // namespace leat::cli
