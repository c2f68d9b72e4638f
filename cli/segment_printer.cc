#include "cli/segment_printer.h"

#include <iterator>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/json_text.h"
#include "cli/quantity.h"
#include "fmt/format.h"
#include "server/broker/topic.h"
#include "storage/record/compression.h"
#include "storage/record/record_set.h"

namespace leat::cli {
namespace {

// No batch that a server took is larger when decompressed.
constexpr uint32_t kUncompressedBytesMax = 64 << 20;

const char* CodecName(record::Codec codec) {
  if (codec == record::Codec::kNone) return "none";
  return codec == record::Codec::kZstd ? "zstd" : "lz4";
}

std::string AttributesOf(const record::BatchHeader& batch) {
  std::string text;
  if ((batch.attributes & record::kControlBatch) != 0) text += ", control";
  if ((batch.attributes & record::kTransactionalBatch) != 0) text += ", transactional";
  if ((batch.attributes & record::kCompactedBatch) != 0) text += ", compacted";
  return text;
}

absl::StatusOr<std::string> RecordSetOf(const record::Batch& batch) {
  std::string payload(batch.payload);
  if (batch.header.codec == record::Codec::kNone) return payload;
  if (batch.header.uncompressed_bytes > kUncompressedBytesMax) {
    return absl::ResourceExhaustedError("too large to be decompressed");
  }
  return record::Decompress(batch.header.codec, payload, batch.header.uncompressed_bytes);
}

void AppendHeaders(const record::RecordView& record, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < record.headers.size(); ++i) {
    out->append(i == 0 ? "{\"name\":" : ",{\"name\":");
    AppendJsonBytes(record.headers[i].name, out);
    out->append(",\"value\":");
    AppendJsonBytes(record.headers[i].value, out);
    out->push_back('}');
  }
  out->push_back(']');
}

void AppendRecordJson(int64_t offset, int64_t timestamp_ms, const record::RecordView& record,
                      std::string* out) {
  fmt::format_to(std::back_inserter(*out), R"({{"record":{},"timestamp_ms":{},"key":)", offset,
                 timestamp_ms);
  AppendJsonBytes(record.key, out);
  out->append(",\"value\":");
  AppendJsonBytes(record.value, out);
  out->append(",\"headers\":");
  AppendHeaders(record, out);
  out->append("}\n");
}

void AppendRecordText(int64_t offset, int64_t timestamp_ms, const record::RecordView& record,
                      std::string* out) {
  fmt::format_to(std::back_inserter(*out), "    record {}  {}  key ", offset,
                 FormatTimestamp(timestamp_ms));
  AppendJsonBytes(record.key, out);
  out->append("  value ");
  AppendJsonBytes(record.value, out);
  if (!record.headers.empty()) {
    out->append("  headers ");
    AppendHeaders(record, out);
  }
  out->push_back('\n');
}

std::string DamageText(io::FilePosition position, uint64_t bytes, std::string_view what,
                       SegmentFormat format) {
  if (format == SegmentFormat::kTable) {
    return fmt::format("damaged at byte {}, {}: {}\n", position.bytes,
                       Count(static_cast<int64_t>(bytes), "byte"), what);
  }
  std::string out = fmt::format(R"({{"damaged_at":{},"bytes":{},"what":)", position.bytes, bytes);
  AppendJsonBytes(what, &out);
  return out + "}\n";
}

}  // namespace

void SegmentPrinter::Begin(const inspect::SegmentReport& report, std::string* out) {
  report_ = &report;
  for (const inspect::Fault& fault : report.faults) {
    out->append(DamageText(fault.position, fault.bytes, fault.what, format_));
  }
  if (!report.header.has_value()) return;
  const log::SegmentHeader& header = *report.header;
  const char* const state = report.sealed() ? "sealed" : "active";
  const char* const layout =
      format_ == SegmentFormat::kTable
          ? "segment of topic {}, partition {}, {}: id {:016x}, base offset {}, created {}, {} "
            "bytes\n"
          : "{{\"topic_id\":\"{}\",\"partition\":{},\"state\":\"{}\",\"segment_id\":\"{:016x}\","
            "\"base_offset\":{},\"created\":\"{}\",\"bytes\":{}}}\n";
  fmt::format_to(std::back_inserter(*out), fmt::runtime(layout),
                 broker::FormatUuid(header.topic_id), header.partition, state, header.segment_id,
                 header.base_offset.value, FormatTimestamp(header.create_timestamp_ms),
                 report.file_bytes);
}

void SegmentPrinter::AddGaps(io::FilePosition before, std::string* out) {
  const auto& gaps = report_->gaps;
  for (; gaps_printed_ < gaps.size() && gaps[gaps_printed_].from < before; ++gaps_printed_) {
    const inspect::Gap& gap = gaps[gaps_printed_];
    out->append(DamageText(gap.from, gap.to - gap.from, gap.what, format_));
  }
}

void SegmentPrinter::Add(io::FilePosition position, const log::ParsedFrame& frame,
                         std::string* out) {
  AddGaps(position, out);
  const log::FrameHeader& header = frame.header;
  const char* const layout =
      format_ == SegmentFormat::kTable
          ? "frame at byte {}: offset {}, stable offset {}, {} of {} bytes, {} batches, checksum "
            "{:08x} after {:08x}, incarnation {:016x}\n"
          : "{{\"frame_at\":{},\"offset\":{},\"stable_offset\":{},\"frame_bytes\":{},"
            "\"padded_bytes\":{},\"batches\":{},\"checksum\":\"{:08x}\",\"previous_checksum\":"
            "\"{:08x}\",\"incarnation\":\"{:016x}\"}}\n";
  fmt::format_to(std::back_inserter(*out), fmt::runtime(layout), position.bytes,
                 header.first_offset.value, header.stable_offset.value, header.frame_bytes,
                 header.padded_bytes, header.batch_count, header.crc, header.previous_crc,
                 header.incarnation);
  if (depth_ == DumpDepth::kFrames) return;
  for (const record::Batch& batch : frame.batches) AddBatch(batch, out);
}

void SegmentPrinter::AddBatch(const record::Batch& batch, std::string* out) const {
  const record::BatchHeader& header = batch.header;
  const bool table = format_ == SegmentFormat::kTable;
  const char* const layout =
      table ? "  batch at offset {}: {} records up to {}, {} bytes, codec {}, appended {}, "
              "producer {}, epoch {}, sequence {}{}\n"
            : "{{\"batch\":{},\"records\":{},\"last_offset\":{},\"bytes\":{},\"codec\":\"{}\","
              "\"appended\":\"{}\",\"producer_id\":{},\"producer_epoch\":{},\"base_sequence\":{},"
              "\"attributes\":{}}}\n";
  fmt::format_to(std::back_inserter(*out), fmt::runtime(layout), header.base_offset.value,
                 header.record_count, header.base_offset.value + header.last_offset_delta,
                 header.payload_bytes, CodecName(header.codec),
                 FormatTimestamp(header.append_timestamp_ms), header.producer_id,
                 header.producer_epoch, header.base_sequence,
                 table ? AttributesOf(header) : fmt::to_string(header.attributes));
  if (depth_ == DumpDepth::kRecords) AddRecords(batch, out);
}

void SegmentPrinter::AddRecords(const record::Batch& batch, std::string* out) const {
  const absl::StatusOr<std::string> set = RecordSetOf(batch);
  absl::Status status = set.status();
  if (status.ok()) {
    status =
        record::ForEachRecord(*set, [&](const record::RecordView& record, uint32_t offset_delta) {
          const int64_t offset = batch.header.base_offset.value + offset_delta;
          const int64_t timestamp_ms =
              batch.header.timestamp_type == record::TimestampType::kAppend
                  ? batch.header.append_timestamp_ms
                  : batch.header.base_timestamp_ms + record.timestamp_delta_ms;
          if (format_ == SegmentFormat::kTable) {
            AppendRecordText(offset, timestamp_ms, record, out);
          } else {
            AppendRecordJson(offset, timestamp_ms, record, out);
          }
          return true;
        });
  }
  if (status.ok()) return;
  out->append(format_ == SegmentFormat::kTable
                  ? fmt::format("    records: {}\n", std::string(status.message()))
                  : fmt::format("{{\"unreadable_batch\":{}}}\n", batch.header.base_offset.value));
}

void SegmentPrinter::End(std::string* out) {
  AddGaps({UINT64_MAX}, out);
  if (!report_->header.has_value()) return;
  if (!report_->sealed()) {
    const uint64_t left = report_->file_bytes - report_->chain_end.bytes;
    if (!report_->gaps.empty() || left == 0) return;
    const std::string why = report_->chain_stop.empty() ? "" : ": " + report_->chain_stop;
    out->append(format_ == SegmentFormat::kTable
                    ? fmt::format("no frame from byte {} on, {}{}\n", report_->chain_end.bytes,
                                  Count(static_cast<int64_t>(left), "byte"), why)
                    : fmt::format("{{\"frames_end\":{}}}\n", report_->chain_end.bytes));
    return;
  }
  const log::SegmentFooter& footer = *report_->footer;
  const bool table = format_ == SegmentFormat::kTable;
  const char* const layout =
      table ? "footer at byte {}: next offset {}, {} bytes of batches, {} index entries"
            : "{{\"footer_at\":{},\"next_offset\":{},\"payload_bytes\":{},\"index_entries\":{}";
  fmt::format_to(std::back_inserter(*out), fmt::runtime(layout), footer.frames_end.bytes,
                 footer.next_offset.value, footer.payload_bytes, footer.index.entries().size());
  if (footer.compaction.compacted()) {
    const std::string compacted = FormatTimestamp(footer.compaction.first_ms);
    out->append(fmt::format(fmt::runtime(table ? ", compacted {}, {} tombstones"
                                               : ",\"compacted\":\"{}\",\"tombstones\":{}"),
                            compacted, footer.compaction.tombstones));
  }
  out->append(table ? "\n" : "}\n");
}

}  // namespace leat::cli
