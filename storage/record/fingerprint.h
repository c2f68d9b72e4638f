// What is remembered of a key or a message id: half of its SHA-256, so that nobody finds two that
// are taken for one.
//
// Bytes only; any thread.

#ifndef LEAT_STORAGE_RECORD_FINGERPRINT_H_
#define LEAT_STORAGE_RECORD_FINGERPRINT_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace leat::record {

struct Fingerprint {
  uint64_t high = 0;
  uint64_t low = 0;

  static Fingerprint Of(std::string_view bytes);

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const Fingerprint& fingerprint) {
    return H::combine(std::move(state), fingerprint.low);
  }
};

// The keys of a set's records, in order; nullopt for one without a key.
using KeyFingerprints = std::vector<std::optional<Fingerprint>>;

// Those of a dense set. DATA_LOSS when malformed.
absl::StatusOr<KeyFingerprints> FingerprintKeys(std::string_view set);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_FINGERPRINT_H_
