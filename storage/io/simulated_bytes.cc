#include "storage/io/simulated_bytes.h"

#include <algorithm>
#include <utility>

#include "storage/io/check.h"

namespace leat::io {
namespace {

constexpr size_t kSectorBytes = SimulatedBytes::kSectorBytes;

// Calls `visit(sector, offset in the sector, part)` for each part of `data` that lies in one
// sector.
template <typename Span, typename Visit>
void ForEachSector(uint64_t position, Span data, Visit visit) {
  while (!data.empty()) {
    const size_t offset = position % kSectorBytes;
    const size_t length = std::min(kSectorBytes - offset, data.size());
    visit(position / kSectorBytes, offset, data.subspan(0, length));
    data.remove_prefix(length);
    position += length;
  }
}

// What becomes of all that one file, or one write, has in flight. Cuts that keep or drop everything
// matter most, and would hardly ever come about if each sector were drawn by itself.
enum class Mood { kKeep, kDrop, kTear };

Mood DrawMood(SimulatedRandom& random) {
  switch (random() % 4) {
    case 0:
      return Mood::kKeep;
    case 1:
      return Mood::kDrop;
    default:
      return Mood::kTear;
  }
}

enum class Fate { kKept, kDropped, kGarbage };

Fate DrawFate(Mood mood, SimulatedRandom& random) {
  if (mood == Mood::kKeep) return Fate::kKept;
  if (mood == Mood::kDrop) return Fate::kDropped;
  const uint64_t draw = random() % 10;
  if (draw == 0) return Fate::kGarbage;
  return draw < 5 ? Fate::kDropped : Fate::kKept;
}

}  // namespace

SimulatedBytes::SectorRef SimulatedBytes::Get(const Image& image, uint64_t sector) {
  const auto found = image.find(sector);
  return found == image.end() ? nullptr : found->second;
}

SimulatedBytes::SectorRef SimulatedBytes::Patch(const SectorRef& base, size_t offset,
                                                absl::Span<const char> part) {
  auto sector = base == nullptr ? std::make_shared<Sector>() : std::make_shared<Sector>(*base);
  std::copy(part.begin(), part.end(), sector->begin() + offset);
  return sector;
}

SimulatedBytes::SectorRef SimulatedBytes::Garbage(SimulatedRandom& random) {
  auto sector = std::make_shared<Sector>();
  for (char& byte : *sector) byte = static_cast<char>(random());
  return sector;
}

// Forgets what lies at `size` and beyond.
void SimulatedBytes::CutImage(Image& image, uint64_t size) {
  absl::erase_if(image, [size](const auto& entry) { return entry.first * kSectorBytes >= size; });
  const size_t offset = size % kSectorBytes;
  const auto last = image.find(size / kSectorBytes);
  if (offset == 0 || last == image.end()) return;
  const std::string zeros(kSectorBytes - offset, '\0');
  last->second = Patch(last->second, offset, zeros);
}

void SimulatedBytes::Read(uint64_t position, absl::Span<char> data) const {
  LEAT_CHECK(position + data.size() <= size_);
  ForEachSector(position, data, [this](uint64_t sector, size_t offset, absl::Span<char> part) {
    const SectorRef content = Get(current_, sector);
    if (content == nullptr) {
      std::fill(part.begin(), part.end(), '\0');
    } else {
      std::copy_n(content->begin() + offset, part.size(), part.begin());
    }
  });
}

void SimulatedBytes::Write(uint64_t position, absl::Span<const char> data) {
  Grow(position + data.size());
  ForEachSector(position, data,
                [this](uint64_t sector, size_t offset, absl::Span<const char> part) {
                  WriteSector(sector, Patch(Get(current_, sector), offset, part));
                });
}

void SimulatedBytes::WriteSector(uint64_t sector, SectorRef content) {
  current_[sector] = content;
  Unsynced& unsynced = unsynced_[sector];
  unsynced.contents.push_back(std::move(content));
  unsynced.may_be_garbage = true;
}

void SimulatedBytes::Grow(uint64_t size) {
  if (size <= size_) return;
  // What a cut took from readers but not yet from the medium reads as zeros now.
  std::vector<uint64_t> stale;
  for (const auto& [sector, content] : durable_) {
    const uint64_t begin = sector * kSectorBytes;
    if (content != nullptr && begin >= size_ && begin < size) stale.push_back(sector);
  }
  for (const uint64_t sector : stale) WriteSector(sector, nullptr);
  size_ = size;
  unsynced_sizes_.push_back(size);
}

void SimulatedBytes::Resize(uint64_t size) {
  if (size >= size_) return Grow(size);
  for (const auto& [id, write] : in_flight_) {
    LEAT_CHECK(write.position + write.data.size() <= size);
  }
  CutImage(current_, size);
  const uint64_t sectors = (size + kSectorBytes - 1) / kSectorBytes;
  unsynced_.erase(unsynced_.lower_bound(sectors), unsynced_.end());
  if (size % kSectorBytes != 0) WriteSector(sectors - 1, Get(current_, sectors - 1));
  size_ = size;
  unsynced_sizes_.push_back(size);
}

void SimulatedBytes::Sync() {
  for (const auto& [sector, unsynced] : unsynced_) durable_[sector] = unsynced.contents.back();
  unsynced_.clear();
  if (size_ < durable_size_) CutImage(durable_, size_);
  durable_size_ = size_;
  unsynced_sizes_.clear();
}

void SimulatedBytes::FailSync(SimulatedRandom& random) {
  for (const auto& [sector, unsynced] : unsynced_) {
    if (random() % 2 == 0) durable_[sector] = unsynced.contents.back();
  }
  unsynced_.clear();
}

uint64_t SimulatedBytes::BeginDurableWrite(uint64_t position, absl::Span<const char> data) {
  const uint64_t end = position + data.size();
  LEAT_CHECK(end <= size_);
  for (const auto& [id, other] : in_flight_) {
    LEAT_CHECK(end <= other.position || other.position + other.data.size() <= position);
  }
  const uint64_t id = next_write_++;
  in_flight_.emplace(id, DurableWrite{position, std::string(data.data(), data.size())});
  return id;
}

bool SimulatedBytes::IsDurableWrite(uint64_t write, absl::Span<const char> data) const {
  return data == absl::MakeConstSpan(in_flight_.at(write).data);
}

void SimulatedBytes::FinishDurableWrite(uint64_t write) {
  const DurableWrite done = std::move(in_flight_.extract(write).mapped());
  WriteDurably(done.position, done.data);
}

void SimulatedBytes::WriteDurably(uint64_t position, absl::Span<const char> data) {
  ForEachSector(position, data,
                [this](uint64_t sector, size_t offset, absl::Span<const char> part) {
                  FlushPart(sector, offset, part);
                });
  // As much of the size as it takes to find the bytes again.
  const uint64_t end = position + data.size();
  durable_size_ = std::max(durable_size_, end);
  for (uint64_t& size : unsynced_sizes_) size = std::max(size, end);
}

void SimulatedBytes::FlushPart(uint64_t sector, size_t offset, absl::Span<const char> part) {
  SectorRef& current = current_[sector];
  current = Patch(current, offset, part);
  if (part.size() == kSectorBytes) {
    durable_[sector] = current;
    unsynced_.erase(sector);
    return;
  }
  SectorRef& durable = durable_[sector];
  durable = Patch(durable, offset, part);
  const auto found = unsynced_.find(sector);
  if (found == unsynced_.end()) return;
  for (SectorRef& content : found->second.contents) content = Patch(content, offset, part);
  found->second.may_be_garbage = false;
}

void SimulatedBytes::FailDurableWrite(uint64_t write, SimulatedRandom& random) {
  DurableWrite failed = std::move(in_flight_.extract(write).mapped());
  if (random() % 2 == 0) {
    // A short write, flushed; the error met what was left.
    const size_t sectors = failed.data.size() / kSectorBytes;
    const size_t done = random() % (sectors + 1) * kSectorBytes;
    WriteDurably(failed.position, absl::MakeConstSpan(failed.data).first(done));
    failed = {failed.position + done, failed.data.substr(done)};
  }
  ForEachSector(failed.position, absl::MakeConstSpan(failed.data),
                [&](uint64_t sector, size_t offset, absl::Span<const char> part) {
                  if (random() % 2 == 0) return;
                  WriteSector(sector, Patch(Get(current_, sector), offset, part));
                });
}

void SimulatedBytes::Corrupt(uint64_t position, uint8_t mask) {
  LEAT_CHECK(position < size_);
  const uint64_t sector = position / kSectorBytes;
  const size_t offset = position % kSectorBytes;
  const auto turn = [&](SectorRef& content) {
    auto turned =
        content == nullptr ? std::make_shared<Sector>() : std::make_shared<Sector>(*content);
    (*turned)[offset] = static_cast<char>((*turned)[offset] ^ mask);
    content = std::move(turned);
  };
  turn(current_[sector]);
  turn(durable_[sector]);
  const auto found = unsynced_.find(sector);
  if (found == unsynced_.end()) return;
  for (SectorRef& content : found->second.contents) turn(content);
}

void SimulatedBytes::TearUnsynced(Image& image, SimulatedRandom& random) const {
  const Mood mood = DrawMood(random);
  for (const auto& [sector, unsynced] : unsynced_) {
    const auto& contents = unsynced.contents;
    Fate fate = DrawFate(mood, random);
    if (fate == Fate::kGarbage && !unsynced.may_be_garbage) fate = Fate::kDropped;
    if (fate == Fate::kDropped) continue;
    const bool newest = mood == Mood::kKeep;
    image[sector] = fate == Fate::kGarbage ? Garbage(random)
                    : newest               ? contents.back()
                                           : contents[random() % contents.size()];
  }
}

void SimulatedBytes::TearWrite(const DurableWrite& write, Image& image, SimulatedRandom& random) {
  const Mood mood = DrawMood(random);
  ForEachSector(write.position, absl::MakeConstSpan(write.data),
                [&](uint64_t sector, size_t offset, absl::Span<const char> part) {
                  const Fate fate = DrawFate(mood, random);
                  if (fate == Fate::kDropped) return;
                  SectorRef& content = image[sector];
                  content = fate == Fate::kGarbage ? Garbage(random) : Patch(content, offset, part);
                });
}

std::shared_ptr<SimulatedBytes> SimulatedBytes::AfterPowerCut(SimulatedRandom& random) const {
  auto left = std::make_shared<SimulatedBytes>();
  left->durable_ = durable_;
  TearUnsynced(left->durable_, random);
  for (const auto& [id, write] : in_flight_) TearWrite(write, left->durable_, random);
  const uint64_t draw = random() % (unsynced_sizes_.size() + 1);
  left->durable_size_ = draw == 0 ? durable_size_ : unsynced_sizes_[draw - 1];
  CutImage(left->durable_, left->durable_size_);
  left->current_ = left->durable_;
  left->size_ = left->durable_size_;
  return left;
}

std::shared_ptr<SimulatedBytes> SimulatedBytes::AfterKill() const {
  auto left = std::make_shared<SimulatedBytes>(*this);
  left->in_flight_.clear();
  // What a failed flush has lost is not on the medium, and the next process reads from there.
  left->current_ = durable_;
  for (const auto& [sector, unsynced] : unsynced_) {
    left->current_[sector] = unsynced.contents.back();
  }
  CutImage(left->current_, size_);
  return left;
}

}  // namespace leat::io
