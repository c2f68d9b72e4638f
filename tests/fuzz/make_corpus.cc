// Writes the seeds of the corpora: for each target valid inputs, from which a fuzzer finds the
// others. Run from the root of the tree:
//
//   bazel run //tests/fuzz:make_corpus -- "$PWD/tests/fuzz/corpus"
//
// What fuzzers found stands beside them under names that do not begin with "seed-".

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "leat/v1/log.pb.h"
#include "server/broker/directory_meta.h"
#include "server/broker/metadata_batch.h"
#include "server/broker/metadata_codec.h"
#include "storage/log/checkpoint.h"
#include "storage/log/footer.h"
#include "storage/log/frame.h"
#include "storage/log/producer_snapshot.h"
#include "storage/record/compression.h"
#include "storage/record/little_endian.h"
#include "storage/record/message_ids.h"
#include "storage/record/record_set.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/group_corpus.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/test_log.h"

namespace leat::fuzz {
namespace {

constexpr uint64_t kSegmentId = 0x5e6d1a0c9b8f7e42;
constexpr int64_t kBaseOffset = 100;

template <typename T>
std::string Number(T value) {
  std::string bytes(sizeof(T), '\0');
  record::StoreLittleEndian(value, bytes.data());
  return bytes;
}

log::SegmentHeader Header() {
  return {.topic_id = log::LogKey().topic_id,
          .partition = log::LogKey().partition,
          .segment_id = kSegmentId,
          .base_offset = {kBaseOffset},
          .create_timestamp_ms = kNow};
}

// Two frames with records and a control frame.
std::vector<log::BuiltFrame> Frames(uint32_t crc) {
  std::vector<log::BuiltFrame> frames;
  log::FrameHeader place{.segment_id = kSegmentId,
                         .incarnation = 1,
                         .previous_crc = crc,
                         .first_offset = {kBaseOffset},
                         .stable_offset = {kBaseOffset}};
  for (int i = 0; i < 3; ++i) {
    std::vector<record::Batch> batches;
    int64_t next = place.first_offset.value;
    for (int n = 0; n < 2 - i; ++n, next += 2) {
      batches.push_back(log::MakeBatch(next, 2, "value", kNow));
    }
    frames.push_back(log::BuildFrame(place, batches));
    place.previous_crc = frames.back().header.crc;
    place.first_offset = frames.back().next_offset();
    place.stable_offset = place.first_offset;
  }
  return frames;
}

log::SegmentFooter Footer(const std::vector<log::BuiltFrame>& frames) {
  log::SegmentFooter footer{.next_offset = frames.back().next_offset(),
                            .frames_end = {(1 + frames.size()) * io::kBlockBytes},
                            .last_frame_crc = frames.back().header.crc,
                            .payload_bytes = 500,
                            .first_append_timestamp_ms = kNow,
                            .last_append_timestamp_ms = kNow};
  footer.index = log::SegmentIndex({{{kBaseOffset}, {io::kBlockBytes}, INT64_MIN}}, kNow);
  return footer;
}

std::string WithoutZeros(std::string_view bytes) {
  return std::string(bytes.substr(0, bytes.find_last_not_of('\0') + 1));
}

// As `segment_bytes_fuzz` takes a block.
std::string Block(std::string_view bytes) {
  const std::string content = WithoutZeros(bytes);
  return Number(static_cast<uint16_t>(content.size())) + content;
}

void AddRecords(const Corpus& corpus) {
  const record::Batch batch = log::MakeBatch(kBaseOffset, 3, "value", kNow);
  std::string header(record::BatchHeader::kEncodedBytes, '\0');
  record::EncodeBatchHeader(batch.header, header.data());
  corpus.Add("batch_header_fuzz", "dense", header);

  record::RecordSetBuilder builder;
  builder.Add("k1", "hello");
  builder.Add("k2", std::nullopt, 5, {{.name = "h", .value = "x"}, {.name = "n"}});
  builder.Add(std::nullopt, "", -5);
  const std::string set = builder.Take();
  const std::string sparse = set + "\x12\x03" + Byte(0) + Byte(4) + Byte(9);
  corpus.Add("record_set_fuzz", "dense", set);
  corpus.Add("record_set_fuzz", "sparse", sparse);
  const std::string range = Byte(0) + Number<uint16_t>(3) + Byte(40);
  record::RecordSetBuilder identified;
  for (const char* id : {"1", "2", "1"}) {
    identified.Add("key", id, 5, {{record::kMessageIdHeader, id}});
    identified.Add(std::nullopt, "without");
  }
  corpus.Add("message_ids_fuzz", "ids", Byte(5) + identified.Take());
  corpus.Add("record_set_slice_fuzz", "dense", range + Number<uint32_t>(2) + Byte(0) + set);
  corpus.Add("record_set_slice_fuzz", "pieces", range + Number<uint32_t>(2) + Byte(5) + set);
  corpus.Add("record_set_slice_fuzz", "sparse",
             Byte(1) + Number<uint16_t>(20) + Byte(40) + Number<uint32_t>(12) + Byte(7) + sparse);

  const std::string text = "the same words again, the same words again, the same words again";
  for (int codec = 0; codec < 3; ++codec) {
    const std::string payload = *record::Compress(static_cast<record::Codec>(codec), text);
    corpus.Add("compression_fuzz", "codec-" + std::to_string(codec),
               Byte(codec) + Number(static_cast<uint32_t>(text.size())) + payload);
    // Claims less than it holds.
    const std::string bomb =
        *record::Compress(static_cast<record::Codec>(codec), std::string(8 << 10, 'x'));
    corpus.Add("compression_fuzz", "bomb-" + std::to_string(codec),
               Byte(codec) + Number<uint32_t>(100) + bomb);
  }
}

void AddLog(const Corpus& corpus) {
  const std::string header = log::SegmentHeaderBlock(Header());
  const std::vector<log::BuiltFrame> frames = Frames(log::SegmentHeaderCrc(Header()));
  corpus.Add("segment_header_fuzz", "header", header.substr(0, log::SegmentHeader::kEncodedBytes));
  std::string segment;
  for (size_t i = 0; i < frames.size(); ++i) {
    corpus.Add("frame_fuzz", std::to_string(i), WithoutZeros(log::BytesOf(frames[i])));
    segment += Block(log::BytesOf(frames[i]));
  }
  const std::string footer = log::EncodeFooter(kSegmentId, Footer(frames));
  constexpr size_t kTrailerBytes = log::FooterTrailer::kEncodedBytes;
  const std::string trailer = footer.substr(footer.size() - kTrailerBytes);
  corpus.Add("footer_fuzz", "one-entry", footer.substr(0, 160) + trailer);
  log::SegmentFooter compacted = Footer(frames);
  compacted.compaction = {.first_ms = kNow, .tombstones = 3};
  const std::string other = log::EncodeFooter(kSegmentId, compacted);
  corpus.Add("footer_fuzz", "compacted",
             other.substr(0, 160) + other.substr(other.size() - kTrailerBytes));

  corpus.Add("segment_bytes_fuzz", "active", Byte(0) + segment + Block("") + Block(""));
  corpus.Add("segment_bytes_fuzz", "with-header", Byte(1) + Block(header) + segment);
  corpus.Add("segment_bytes_fuzz", "sealed", Byte(0) + segment + Block(footer));
  corpus.Add("segment_bytes_fuzz", "hole",
             Byte(0) + Block(log::BytesOf(frames[0])) + Block("") + Block(log::BytesOf(frames[2])));

  log::Checkpoint checkpoint{.clean_shutdown = true};
  checkpoint.partitions[log::LogKey()] = {.segment_base_offset = {kBaseOffset},
                                          .durable_end = {106},
                                          .position = {16'384},
                                          .last_frame_crc = 17,
                                          .last_frame_position = {12'288}};
  checkpoint.partitions[{.partition = 9}] = {};
  corpus.Add("checkpoint_fuzz", "two", log::EncodeCheckpoint(checkpoint));
  corpus.Add("checkpoint_fuzz", "empty", log::EncodeCheckpoint({}));
}

void AddProducers(const Corpus& corpus) {
  const log::LogPlace place{.next_offset = {40}, .segment_base_offset = {30}, .position = {8'192}};
  log::ProducerTable table;
  corpus.Add("producer_snapshot_fuzz", "empty",
             log::EncodeProducerSnapshot(log::LogKey(), place, table, {}));
  for (int i = 0; i < 12; ++i) {
    record::BatchHeader header;
    header.producer_id = 1 + i % 2;
    header.producer_epoch = i % 3;
    header.base_sequence = i;
    header.base_offset = {20 + i};
    table.Apply(header, 7);
  }
  corpus.Add("producer_snapshot_fuzz", "two",
             log::EncodeProducerSnapshot(log::LogKey(), place, table, {}));
  const std::deque<log::KnownId> ids = {
      {.id = record::Fingerprint::Of("a"), .offset = {7}, .append_timestamp_ms = 5},
      {.id = record::Fingerprint::Of("b"), .offset = {9}, .append_timestamp_ms = 5}};
  corpus.Add("producer_snapshot_fuzz", "ids",
             log::EncodeProducerSnapshot(log::LogKey(), place, table, ids));
}

// Steps as recovery_fuzz.cc numbers them.
void AddScripts(const Corpus& corpus) {
  const auto frame = [](int batches, int lies) {
    std::string step = Byte(0) + Byte(batches) + Byte(lies);
    for (int i = 0; i < batches; ++i) step += Byte(1) + Byte(20);
    return step;
  };
  const std::string zeros = Byte(1) + Byte(1);
  const std::string garbage = Byte(2) + Byte(4) + "torn";
  const std::string footer = Byte(3) + Byte(0);
  const std::string flip = Byte(4) + Number<uint32_t>(8'192 + 200) + Byte(4);
  const std::string cut = Byte(5) + Number<uint16_t>(1'000);
  const std::string checkpoint = Byte(6);
  const std::string two = frame(1, 0) + frame(2, 8);
  const std::string lost = frame(1, 64);
  const auto add = [&](std::string_view name, int start, const std::string& steps) {
    corpus.Add("recovery_fuzz", name, Byte(start) + Byte(0) + steps);
  };
  add("sound", 0, two + frame(0, 8) + zeros);
  add("reopened", 4, two + frame(1, 32));
  add("torn", 0, two + garbage);
  add("behind-a-hole", 0, two + lost + frame(1, 0));
  add("hole-before-acknowledged", 0, two + lost + frame(1, 8));
  add("sealed", 4, two + footer);
  add("sealing-interrupted", 0, two + footer + zeros);
  add("foreign", 0, two + frame(1, 1));
  add("flipped", 0, two + flip);
  add("flipped-under-checkpoint", 1, two + checkpoint + flip);
  add("checkpoint", 1, frame(1, 0) + checkpoint + frame(1, 0) + zeros);
  add("checkpoint-before-loss", 1, two + checkpoint + cut);
  add("stopped", 3, two + checkpoint);
  add("stopped-and-torn", 3, two + checkpoint + garbage);
  add("cut", 0, two + cut);
}

void AddBroker(const Corpus& corpus) {
  corpus.Add("directory_meta_fuzz", "meta",
             broker::EncodeDirectoryMeta(
                 {.format_version = 1, .id = log::LogKey().topic_id, .block_bytes = 4'096}));
  corpus.Add("directory_meta_fuzz", "log-start", broker::EncodeLogStart({1234}));

  const broker::Topic topic{.id = log::LogKey().topic_id,
                            .name = "orders",
                            .partition_count = 3,
                            .settings = {},
                            .create_time_ms = kNow};
  const std::string id = broker::EncodeUuid(topic.id);
  std::vector<internal::MetadataRecord> changes(5);
  *changes[0].mutable_topic_created() = broker::EncodeTopic(topic);
  changes[1].mutable_partitions_added()->set_topic_id(id);
  changes[1].mutable_partitions_added()->set_partition_count(5);
  auto* moved = changes[2].mutable_log_starts_moved()->add_topics();
  moved->set_topic_id(id);
  moved->add_log_starts()->set_offset(7);
  changes[3].mutable_settings_changed()->set_topic_id(id);
  *changes[3].mutable_settings_changed()->mutable_settings() =
      broker::EncodeSettings(topic.settings);
  changes[4].mutable_topic_deleted()->set_topic_id(id);
  const std::string all = std::string(broker::EncodeMetadataBatch(changes, 0).payload);
  corpus.Add("metadata_fuzz", "changes", Byte(0) + all);
  changes.emplace_back().mutable_topics_forgotten()->add_topic_ids(id);
  const std::string forgotten = std::string(broker::EncodeMetadataBatch(changes, 0).payload);
  corpus.Add("metadata_fuzz", "forgotten", Byte(0) + forgotten);

  std::vector<internal::MetadataRecord> snapshot(2);
  auto* part = snapshot[0].mutable_snapshot_part();
  *part->add_topics()->mutable_topic() = broker::EncodeTopic(topic);
  auto* start = part->mutable_topics(0)->add_log_starts();
  start->set_partition(2);
  start->set_offset(9);
  auto* producer = part->mutable_topics(0)->add_producers();
  producer->set_name("p");
  producer->set_producer_id(3);
  producer->set_grant(4);
  part->mutable_topics(0)->set_last_grant(5);
  snapshot[1].mutable_snapshot_part()->set_index(1);
  snapshot[1].mutable_snapshot_part()->set_last(true);
  snapshot[1].mutable_snapshot_part()->add_deleted_topic_ids(std::string(16, 'd'));
  const std::string parts = std::string(broker::EncodeMetadataBatch(snapshot, 0).payload);
  corpus.Add("metadata_fuzz", "snapshot", Byte(1) + parts);
}

void AddRequests(const Corpus& corpus) {
  v1::ProduceRequest produce;
  produce.set_topic("orders");
  produce.set_partition(3);
  produce.set_base_timestamp_ms(kNow);
  produce.set_payload_crc32c(7);
  v1::Record* record = produce.mutable_records()->add_records();
  record->set_key("k");
  record->set_value("v");
  corpus.Add("produce_request_fuzz", "records", Byte(0) + produce.SerializeAsString());
  v1::ProduceRequest sequenced = produce;
  sequenced.mutable_sequence()->set_producer_id(7);
  sequenced.mutable_sequence()->set_producer_epoch(1);
  sequenced.mutable_sequence()->set_base_sequence(20);
  sequenced.set_expected_offset(40);
  corpus.Add("produce_request_fuzz", "sequenced", Byte(0) + sequenced.SerializeAsString());
  v1::ProduceRequest pinned = produce;
  pinned.clear_partition();
  pinned.clear_payload_crc32c();
  pinned.set_partition_count(5);
  pinned.set_expected_key_offset(300);
  corpus.Add("produce_request_fuzz", "pinned", Byte(0) + pinned.SerializeAsString());
  v1::ProduceStreamRequest stream;
  stream.set_request_id(5);
  stream.set_resume_after(4);
  stream.set_unordered(true);
  *stream.mutable_produce() = produce;
  corpus.Add("produce_request_fuzz", "stream", Byte(7) + stream.SerializeAsString());
  auto* compressed = produce.mutable_compressed();
  compressed->set_codec(v1::CODEC_ZSTD);
  compressed->set_record_count(2);
  compressed->set_uncompressed_bytes(30);
  compressed->set_data("not zstd");
  corpus.Add("produce_request_fuzz", "compressed", Byte(10) + produce.SerializeAsString());

  v1::ReadRequest read;
  read.set_topic("orders");
  read.mutable_start()->set_offset(5);
  read.mutable_end()->set_timestamp_ms(kNow);
  read.add_partitions()->mutable_start()->set_last_records(3);
  read.set_max_chunk_bytes(4'096);
  read.set_heartbeat_interval_ms(1'000);
  read.mutable_accept_batches()->add_codecs(v1::CODEC_LZ4);
  corpus.Add("read_request_fuzz", "read", Byte(0) + read.SerializeAsString());
  v1::FetchRequest fetch;
  fetch.set_topic("orders");
  fetch.add_partitions()->set_offset(7);
  fetch.set_max_wait_ms(500);
  fetch.set_max_bytes(1 << 20);
  fetch.set_min_bytes(1);
  corpus.Add("read_request_fuzz", "fetch", Byte(1) + fetch.SerializeAsString());
  v1::ListOffsetsRequest list;
  list.set_topic("orders");
  list.add_queries()->mutable_position()->mutable_latest();
  corpus.Add("read_request_fuzz", "list", Byte(2) + list.SerializeAsString());
}

void AddTexts(const Corpus& corpus) {
  constexpr std::string_view kTexts[] = {
      "r5:+10",
      "r@2026-01-31:@-1h30m",
      "r@1700000000:end",
      "r:-5",
      "q1.5GiB",
      "q1h30m",
      "q2w3d500ms",
      R"(j{"key":"k","value":{"base64":"/w=="},"headers":[{"name":"h","value":null}]})",
      R"(j{"topic":"t","partition":1,"offset":2,"timestamp_ms":3,"value":"\u00e9"})",
      "l:key:value",
      "hname=value",
      "hname",
      "f%t %p\\t%o\\x41%k=%v %h %d %D %K %V%%\\n",
      "fjsonl",
      "fcsv",
      "fwide",
      "sretention_time=7d",
      "ssegment_bytes=64MiB",
  };
  int number = 0;
  for (const std::string_view text : kTexts) {
    corpus.Add("cli_text_fuzz", std::to_string(++number), std::string(text));
  }
}

}  // namespace
}  // namespace leat::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_corpus DIRECTORY\n");
    return 2;
  }
  const leat::fuzz::Corpus corpus(argv[1]);
  leat::fuzz::AddRecords(corpus);
  leat::fuzz::AddLog(corpus);
  leat::fuzz::AddProducers(corpus);
  leat::fuzz::AddScripts(corpus);
  leat::fuzz::AddBroker(corpus);
  leat::fuzz::AddRequests(corpus);
  leat::fuzz::AddGroups(corpus);
  leat::fuzz::AddTexts(corpus);
  return 0;
}
