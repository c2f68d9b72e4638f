#include "client/delivery_cursor.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace leat::client {

void DeliveryCursor::NoteHandled() {
  if (returned_ != nullptr) returned_->handled = std::max(returned_->handled, returned_->delivered);
  returned_.reset();
}

std::optional<ConsumeEvent> DeliveryCursor::Next() {
  if (!current_.has_value()) return std::nullopt;
  if (!HasRecords()) {
    OwnedDelivery over = *std::exchange(current_, std::nullopt);
    records_.clear();
    if (over.wanted()) {
      state_.Finish(std::move(over));
    } else {
      state_.Discard(std::move(over));
    }
    return std::nullopt;
  }
  ConsumeEvent event = MakeEvent();
  event.record = std::move(records_[next_record_++]);
  returned_ = current_->owner;
  // What lies behind the last record holds none.
  returned_->delivered = next_record_ == records_.size() ? current_->delivery.message.next_offset
                                                         : event.record.offset + 1;
  return event;
}

absl::StatusOr<std::optional<ConsumeEvent>> DeliveryCursor::Open(OwnedDelivery delivery) {
  current_ = std::move(delivery);
  const ReadMessage& message = current_->delivery.message;
  OwnedPartition& owner = *current_->owner;
  next_record_ = 0;
  if (!current_->delivery.damage.ok()) return OpenDamage();
  if (message.kind == ReadMessage::Kind::kGap) return OpenGap();
  auto records =
      DecodeRecords(message, owner.delivered, std::numeric_limits<int64_t>::max(), &decompressed_);
  if (!records.ok()) return std::move(records).status();
  records_ = *std::move(records);
  if (records_.empty() && owner.handled == owner.delivered) {
    owner.delivered = std::max(owner.delivered, message.next_offset);
    owner.handled = owner.delivered;
  }
  return Next();
}

std::optional<ConsumeEvent> DeliveryCursor::OpenGap() {
  const ReadMessage& message = current_->delivery.message;
  if (message.next_offset <= current_->owner->delivered) return Next();
  returned_ = current_->owner;
  returned_->delivered = message.next_offset;
  ConsumeEvent event = MakeEvent();
  event.kind = ConsumeEvent::Kind::kGap;
  event.gap_from = message.gap_from;
  event.gap_to = message.gap_to;
  return event;
}

// Nothing is handled by it.
ConsumeEvent DeliveryCursor::OpenDamage() const {
  ConsumeEvent event = MakeEvent();
  event.kind = ConsumeEvent::Kind::kDamage;
  event.damage = current_->delivery.damage;
  return event;
}

ConsumeEvent DeliveryCursor::MakeEvent() const {
  const Delivery& delivery = current_->delivery;
  return ConsumeEvent{.topic = delivery.topic,
                      .partition = delivery.partition,
                      .assignment_epoch = delivery.assignment_epoch,
                      .record = {},
                      .high_watermark = delivery.message.high_watermark};
}

}  // namespace leat::client
