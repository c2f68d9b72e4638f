// What load is put on a server. Plain values.

#ifndef LEAT_BENCH_LOAD_LOAD_SETTINGS_H_
#define LEAT_BENCH_LOAD_LOAD_SETTINGS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "leat/v1/record.pb.h"

namespace leat::bench {

// How records get to the server and back.
enum class Via {
  kStream,  // Prepared batches on a ProduceStream; whole batches from a Read.
  kUnary,   // Prepared batches, each a Produce call.
  kClient,  // Record by record through the C++ client, which makes the batches.
};

// Whether what the server says is compared with what it must say. A null server knows no better.
enum class Checks { kOff, kOn };

struct LoadSettings {
  std::string address;
  std::string topic;  // Empty: one is made, and removed afterwards.
  uint32_t partition_count = 1;
  uint32_t producers = 1;
  uint32_t consumers = 0;        // Each reads every partition.
  uint32_t record_bytes = 1024;  // Size of a record's value.
  uint32_t records_per_batch = 1;
  uint32_t key_count = 0;  // Distinct keys; of prepared batches at most one for each record.
  uint32_t window = 16;    // Batches in flight of one producer.
  double rate = 0;  // Records a second of all producers together; 0: as fast as answers come.
  v1::Durability durability = v1::DURABILITY_SYNCED;
  Via via = Via::kStream;
  absl::Duration warm_up = absl::Seconds(2);
  absl::Duration duration = absl::Seconds(10);
  uint64_t batches_max = UINT64_MAX;  // Of each producer; it ends earlier then.
  // What is written before consumers read alone; 0: what is there already.
  uint64_t fill_bytes = 0;
  Checks checks = Checks::kOn;
  pid_t server_process = 0;  // 0: its processor time is not told.
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_LOAD_SETTINGS_H_
