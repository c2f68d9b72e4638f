#include "cli/produce_job.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "cli/conditional_produce.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/line_reader.h"
#include "cli/quantity.h"
#include "cli/record_source.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "client/producer.h"
#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::cli {
namespace {

// How long answers are awaited after an interrupt.
constexpr absl::Duration kPatience = absl::Seconds(5);

// What became of the records. Callbacks count, the other threads look.
class Tally {
 public:
  struct Counts {
    uint64_t sent = 0;
    uint64_t produced = 0;
    uint64_t produced_bytes = 0;  // Keys and values.
    uint64_t failed = 0;
    uint64_t unknown = 0;
    uint64_t first_failed_line = 0;
    absl::Status first_failure;

    uint64_t unanswered() const { return sent - produced - failed - unknown; }
  };

  // Before a record is sent; when it was not taken after all, `delta` is -1.
  void CountSent(int delta) {
    absl::MutexLock lock(&mutex_);
    counts_.sent += delta;
  }

  void Count(const client::SendResult& result, uint64_t line, uint64_t bytes) {
    absl::MutexLock lock(&mutex_);
    if (result.status.ok()) {
      ++counts_.produced;
      counts_.produced_bytes += bytes;
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

// Messages beside the progress line, from several threads.
class Screen {
 public:
  Screen(bool wanted, uint64_t total_bytes) : progress_(wanted, total_bytes) {}

  void Update(uint64_t records, uint64_t bytes) {
    absl::MutexLock lock(&mutex_);
    progress_.Update(records, bytes);
  }
  void Clear() {
    absl::MutexLock lock(&mutex_);
    progress_.Clear();
  }
  void Warn(std::string_view message) {
    absl::MutexLock lock(&mutex_);
    progress_.Clear();
    Complain(message);
  }

 private:
  absl::Mutex mutex_;
  ProgressLine progress_ ABSL_GUARDED_BY(mutex_);
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
  if (flags.line.id_regex.has_value()) {
    // With sequences, or compressed, a batch is taken whole or not at all.
    options.idempotent = false;
    if (options.codec != record::Codec::kNone) {
      return absl::InvalidArgumentError("--id-regex and --codec cannot be combined");
    }
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

// What ended the input early.
struct Fault {
  ExitCode code = kOk;
  std::string message;
};

// Sends every line, up to the first fault.
Fault SendLines(const RecordSource& source, const Subject& subject, LineReader& lines,
                client::Producer& producer, Tally& tally, Screen& screen) {
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
    const uint64_t bytes = record->key.value_or("").size() + record->value.value_or("").size();
    tally.CountSent(1);
    const absl::Status sent = producer.Send(
        subject.topic, record->View(), [&tally, number, bytes](const client::SendResult& result) {
          tally.Count(result, number, bytes);
        });
    if (!sent.ok()) tally.CountSent(-1);
    // After an interrupt: the records that were taken tell.
    if (absl::IsCancelled(sent)) break;
    if (!sent.ok()) return {ExitCodeOf(sent), at_line(sent)};
    screen.Update(number, lines.bytes_read());
  }
  return {};
}

std::string Summary(const Tally::Counts& counts, const std::string& topic, absl::Duration elapsed) {
  std::string text = fmt::format(
      "{}: {} in {}", topic, DescribeProgress(counts.produced, counts.produced_bytes, 0, elapsed),
      absl::FormatDuration(absl::Trunc(elapsed, absl::Milliseconds(1))));
  if (counts.failed > 0)
    text += fmt::format("; {} not appended", FormatCount(static_cast<int64_t>(counts.failed)));
  if (counts.unknown > 0) {
    text += fmt::format("; {} perhaps appended", FormatCount(static_cast<int64_t>(counts.unknown)));
  }
  return text;
}

// Before anything is typed: whether there are the topic and the partition.
absl::Status CheckTarget(const client::Client& client, const ProduceFlags& flags) {
  const auto topic = client::Admin(client).GetTopic(flags.topic);
  if (!topic.ok()) return topic.status();
  const uint32_t count = topic->topic().partition_count();
  if (flags.partition.value_or(0) < count) return absl::OkStatus();
  return record::MakeError(
      record::Reason::kPartitionNotFound,
      fmt::format("topic {} has no partition {}, only {}", flags.topic, *flags.partition, count));
}

// Says what went wrong and what was done.
ExitCode Conclude(const GlobalOptions& globals, const ProduceFlags& flags, const Fault& fault,
                  const Tally::Counts& counts, absl::Duration elapsed) {
  if (absl::IsCancelled(counts.first_failure)) {
    Complain(fmt::format("line {}: there was no answer yet", counts.first_failed_line));
  } else if (!counts.first_failure.ok()) {
    Complain(fmt::format("line {}: {}", counts.first_failed_line,
                         Explain(counts.first_failure, {globals.server, flags.topic})));
  }
  if (fault.code != kOk) Complain(fault.message);
  if (counts.produced > 0 || fault.code == kOk) {
    globals.Tell(Summary(counts, flags.topic, elapsed));
  }
  if (fault.code == kOk && counts.first_failure.ok()) return kOk;
  if (counts.produced > 0) return kPartlyDone;
  return fault.code != kOk ? fault.code : ExitCodeOf(counts.first_failure);
}

}  // namespace

ExitCode Produce(const GlobalOptions& globals, const ProduceFlags& flags) {
  const Subject subject = {globals.server, flags.topic};
  absl::StatusOr<client::ProducerOptions> options = OptionsFor(flags);
  if (!options.ok()) return Fail(options.status(), subject);
  const absl::StatusOr<RecordSource> source = RecordSource::Create(flags);
  if (!source.ok()) return Fail(source.status(), subject);
  const absl::StatusOr<InputFile> input = InputFile::Open(flags.file);
  if (!input.ok()) return Fail(input.status(), {});
  if (flags.expected_offset.has_value() || flags.expected_key_offset.has_value()) {
    LineReader lines(input->descriptor(), -1, source->max_line_bytes());
    return ProduceWhereExpected(globals, flags, *source, lines);
  }
  const client::Client client = globals.Connect();
  if (absl::Status status = CheckTarget(client, flags); !status.ok()) return Fail(status, subject);

  Tally tally;
  Screen screen(!globals.quiet, input->size());
  options->on_delay = [&screen, &subject](const absl::Status& why) {
    screen.Warn(fmt::format("still trying: {}", Explain(why, subject)));
  };
  client::Producer producer(client, *options);
  const Interrupt interrupt(
      [&tally, &screen] {
        const uint64_t left = tally.counts().unanswered();
        if (left == 0) return;
        screen.Warn(fmt::format("waiting for {}, interrupt again to quit",
                                Count(static_cast<int64_t>(left), "answer")));
      },
      {.after = kPatience, .action = [&producer] { producer.Cancel(); }});
  LineReader lines(input->descriptor(), interrupt.descriptor(), source->max_line_bytes());
  const absl::Time started = absl::Now();
  const Fault fault = SendLines(*source, subject, lines, producer, tally, screen);
  // Each record is answered or given up within the delivery timeout.
  static_cast<void>(producer.Flush());
  screen.Clear();
  const ExitCode code = Conclude(globals, flags, fault, tally.counts(), absl::Now() - started);
  return interrupt.requested() ? kInterrupted : code;
}

}  // namespace leat::cli
