// What the batching client does for a record, on the threads of its user and its own: from `Send`
// to the end of its callback, without the network.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "client/monotonic_clock.h"
#include "client/outbox.h"

namespace leat::bench {
namespace {

// Sends what is ready and answers it at once.
void SendAll(client::Outbox& outbox) {
  std::vector<client::CompletedBatch> completed;
  const absl::Time now = client::MonotonicNow();
  while (const auto outgoing = outbox.TakeForSend(now)) {
    outgoing->batch->Seal(record::Codec::kNone);
    outbox.OnAnswer(outgoing->request_id, {}, now, &completed);
  }
  for (client::CompletedBatch& done : completed) {
    done.batch->Complete(done.first);
    outbox.Release(*done.batch);
  }
}

// Argument: bytes of a value. Each iteration sends 1,000 records, for one partition.
void BM_ClientSend(benchmark::State& state) {
  client::ProducerOptions options;
  options.idempotent = false;
  client::Outbox outbox(options);
  outbox.Learn("t", {.topic_id = "id", .max_record_bytes = 1 << 20, .max_batch_bytes = 4 << 20},
               client::MonotonicNow());
  const std::string value(static_cast<size_t>(state.range(0)), 'v');
  const client::OutgoingRecord record{.value = value};
  int64_t answered = 0;
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) {
      const auto added = outbox.Add(
          "t", record, [&answered](const client::SendResult&) { ++answered; }, absl::ZeroDuration(),
          client::MonotonicNow());
      if (!added.ok()) std::abort();
    }
    outbox.FlushTo(outbox.last_batch_id());
    SendAll(outbox);
  }
  if (answered != 1000 * state.iterations()) state.SkipWithError("a record without an answer");
  state.SetItemsProcessed(answered);
}
BENCHMARK(BM_ClientSend)->Arg(100)->Arg(1024);

}  // namespace
}  // namespace leat::bench
