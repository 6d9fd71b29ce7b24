// Counting what blocks hold, by type: where the memory is, and how much of it is in pieces.
//
// It reads the marks of the last cycle, which stay until the next one begins, span by span under the
// locks of their spaces. So mutators run meanwhile, and what they made since counts as free.

#include <algorithm>
#include <map>

#include "collector/heap/heap.hpp"
#include "collector/heap/returned_pages.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

class Census {
 public:
  Census(AddressSpace& space, const TypeTable& types, Colour live) : space_(space), types_(types), live_(live) {}

  void add(const Block& head) {
    const std::uint64_t live = count_live(head);
    if (live == 0) return;  // dead, or new
    SpaceReport& row = row_of(head.shared ? no_type : head.type, head.space->large() ? 0 : head.slot_bytes);
    row.block_bytes += std::uint64_t{head.blocks} * block_bytes;
    row.free_bytes += head.space->large() ? 0 : (head.slots - live) * head.slot_bytes;
    row.returned_bytes += ReturnedPages(space_, head.first).count(head.blocks) * page_bytes;
    if (head.shared) {
      add_shared(head);
    } else {
      row.objects += live;
      row.object_bytes += live * head.slot_bytes;
    }
  }

  std::vector<SpaceReport> rows() const {
    std::vector<SpaceReport> result;
    for (const auto& [key, row] : rows_) result.push_back(row);
    std::stable_sort(result.begin(), result.end(),
                     [](const SpaceReport& a, const SpaceReport& b) { return a.free_bytes > b.free_bytes; });
    return result;
  }

 private:
  SpaceReport& row_of(TypeId type, std::size_t slot_bytes) {
    const auto [place, made] = rows_.try_emplace({type, slot_bytes});
    if (made) {
      place->second.type = type == no_type ? "" : types_[type].info().name;
      place->second.slot_bytes = slot_bytes;
    }
    return place->second;
  }

  std::uint64_t count_live(const Block& head) const {
    std::uint8_t* const bytes = space_.metadata_of(head.first);
    if (head.space->large()) return Metadata(*bytes).has(live_);
    std::uint64_t live = 0;
    for (std::size_t i = 0; i < head.blocks * granules_per_block; i += MetadataWord::bytes) {
      const MetadataWord word = MetadataWord::load(bytes + i);
      if (!word.empty()) live += MetadataWord::bytes - MetadataWord::count(word.without(live_));
    }
    return live;
  }

  // Objects in shared blocks stand in rows of their types, without blocks of their own.
  void add_shared(const Block& head) {
    for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
      if (!space_.metadata(space_.begin_of(head.first) + slot * head.slot_bytes).has(live_)) continue;
      SpaceReport& row = row_of(space_.column(head.first)[slot], head.slot_bytes);
      ++row.objects;
      row.object_bytes += head.slot_bytes;
    }
  }

  AddressSpace& space_;
  const TypeTable& types_;
  const Colour live_;
  std::map<std::pair<TypeId, std::size_t>, SpaceReport> rows_;
};

}  // namespace

std::vector<SpaceReport> Heap::census() {
  Census census(space_, types_, live_colour());
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    const std::lock_guard lock(space->mutex);
    for (const BlockIndex first : space->spans) census.add(space_.block(first));
  }
  return census.rows();
}

}  // namespace midden::inline MIDDEN_ABI::collector
