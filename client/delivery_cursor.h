// The delivery that is being returned to the application, record by record. Internal; owned by a
// consumer, its thread only.

#ifndef LEAT_CLIENT_DELIVERY_CURSOR_H_
#define LEAT_CLIENT_DELIVERY_CURSOR_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/consume_event.h"
#include "client/member_state.h"
#include "client/read_message.h"

namespace leat::client {

class DeliveryCursor {
 public:
  // `state` outlives it.
  explicit DeliveryCursor(MemberState& state) : state_(state) {}

  // The event that was returned last is handled.
  void NoteHandled();

  // The next event of the delivery at hand; nullopt when there is none. Then the delivery, and the
  // views into it, are gone.
  std::optional<ConsumeEvent> Next();
  // Takes up another delivery; requires that there is none. Its first event, if it has any that was
  // not returned before. DATA_LOSS when it is damaged.
  absl::StatusOr<std::optional<ConsumeEvent>> Open(OwnedDelivery delivery);

  bool HasRecords() const {
    return current_.has_value() && current_->wanted() && next_record_ < records_.size();
  }

 private:
  std::optional<ConsumeEvent> OpenGap();
  ConsumeEvent OpenDamage() const;
  ConsumeEvent MakeEvent() const;

  MemberState& state_;
  std::optional<OwnedDelivery> current_;
  std::string decompressed_;
  std::vector<ReadRecord> records_;
  size_t next_record_ = 0;
  Owner returned_;  // Of the event returned last.
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_DELIVERY_CURSOR_H_
