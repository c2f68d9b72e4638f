#include "server/config_setting.h"

namespace leat::server {
namespace {

constexpr uint64_t kKiB = 1 << 10;
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kTiB = uint64_t{1} << 40;

using Options = ServerOptions;

const Setting kSettings[] = {
    {"data_dir", &Options::data_dir, "Where everything is kept. Made if need be."},
    {"listen", &Options::listen,
     "Addresses to serve on: HOST:PORT or unix:PATH. Port 0 takes any free one. There is no TLS "
     "and no\n"
     "authentication yet: keep to loopback, or to a network you trust."},
    {"drain_timeout", &Options::drain_timeout,
     "How long a stop waits for calls to end before it cancels them.", 0, 3'600},
    {"storage.io_backend", &Options::io_backend,
     "auto takes io_uring where the kernel allows it, else POSIX calls.", 0, 0, "auto|uring|posix"},
    {"storage.shards", &Options::shards,
     "Threads that partitions are spread over. 0: one for each core.", 0, 1'024},
    {"storage.min_free_bytes", &Options::min_free_bytes,
     "With less free space than this, appends are refused until there is more.", 0, kTiB},
    {"storage.retention_interval", &Options::retention_interval,
     "How often old segments are looked for.", 1, 86'400},
    {"storage.checkpoint_interval", &Options::checkpoint_interval,
     "How often the checkpoint is written, which shortens the next start.", 1, 3'600},
    {"storage.compaction_interval", &Options::compaction_interval,
     "How often segments are looked for that hold superseded records, or much padding.", 1, 86'400},
    {"storage.compaction_key_bytes", &Options::compaction_key_bytes,
     "Memory for the keys of what is being compacted. More keys take more passes.", 64 * kKiB,
     kTiB},
    {"storage.compaction_bytes_per_second", &Options::compaction_bytes_per_second,
     "How much compaction reads and writes in a second.", 64 * kKiB, kTiB},
    {"storage.producer_expiry", &Options::producer_expiry,
     "A partition may forget a producer that appended nothing for so long.", 60, 31'536'000},
    {"limits.max_message_bytes", &Options::max_message_bytes,
     "Largest record set in one message. Clients refuse messages over 4 MiB unless told otherwise.",
     64 * kKiB, 32 * kMiB},
    {"limits.max_topics", &Options::max_topics, "Most topics.", 1, 1'000'000},
    {"limits.max_partitions_per_topic", &Options::max_partitions_per_topic,
     "Most partitions of one topic.", 1, 1'024},
    {"limits.max_producers_per_topic", &Options::max_producers_per_topic,
     "Most producer names of one topic. With more, that which was initialised longest ago is "
     "forgotten.",
     1, 100'000},
    {"limits.max_calls", &Options::max_calls, "Most calls under way at one time, streams included.",
     1, 1'000'000},
    {"limits.max_streams_per_connection", &Options::max_streams_per_connection,
     "Most calls under way on one connection.", 1, 1'000'000},
    {"limits.produce_in_flight_bytes", &Options::produce_in_flight_bytes,
     "Most bytes of appends that were received and not yet answered.", 8 * kMiB, kTiB},
    {"limits.read_in_flight_bytes", &Options::read_in_flight_bytes,
     "Most bytes of records that were read and not yet sent.", 8 * kMiB, kTiB},
    {"limits.grpc_memory_bytes", &Options::grpc_memory_bytes,
     "Most memory that gRPC may use for what it receives and sends.", 64 * kMiB, kTiB},
    {"groups.revocation_deadline", &Options::revocation_deadline,
     "How long a member of a group may take to give back partitions before they are taken from it.",
     1, 3'600},
    {"log.level", &Options::log_level, "What is logged to stderr.", 0, 0,
     "debug|info|warning|error"},
    {"log.format", &Options::log_format, "text or json, one line each.", 0, 0, "text|json"},
};

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

}  // namespace leat::server
