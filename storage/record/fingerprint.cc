#include "storage/record/fingerprint.h"

#include <openssl/sha.h>

#include <array>

#include "storage/record/little_endian.h"
#include "storage/record/record_set.h"

namespace leat::record {

Fingerprint Fingerprint::Of(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  const char* const half = reinterpret_cast<const char*>(digest.data());
  return {.high = LoadLittleEndian<uint64_t>(half), .low = LoadLittleEndian<uint64_t>(half + 8)};
}

absl::StatusOr<KeyFingerprints> FingerprintKeys(std::string_view set) {
  KeyFingerprints keys;
  const absl::Status read = ForEachRecord(set, [&keys](const RecordView& record, uint32_t) {
    std::optional<Fingerprint>& key = keys.emplace_back();
    if (record.key.has_value()) key = Fingerprint::Of(*record.key);
    return true;
  });
  if (!read.ok()) return read;
  return keys;
}

}  // namespace leat::record
