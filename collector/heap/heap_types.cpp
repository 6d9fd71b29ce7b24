// The heap's part of retiring types: those of which no object is left are forgotten.

#include <algorithm>
#include <new>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

void Heap::retire(Type& type) {
  const std::lock_guard lock(spaces_mutex_);
  retired_.push_back(&type);
}

void Heap::drop_retired(const StoppedWorld&) {
  const std::lock_guard lock(spaces_mutex_);
  if (retired_.empty()) return;
  try {
    const std::vector<bool> alive = types_alive();
    for (std::size_t i = 0; i < retired_.size();) {
      if (alive[retired_[i]->id()]) {
        ++i;
        continue;
      }
      forget(*retired_[i]);
      retired_[i] = retired_.back();
      retired_.pop_back();
    }
  } catch (const std::bad_alloc&) {
    // The cycle must go on. What the host had no memory for is left to the next.
  }
}

std::vector<bool> Heap::types_alive() const {
  std::vector<bool> alive(types_.end_id());
  for (const Space& space : spaces_) {
    for (const BlockIndex first : space.spans) {
      const Block& head = space_.block(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
        const std::byte* object = space_.begin_of(first) + slot * head.slot_bytes;
        if (!space_.metadata(object).has(live_colour())) continue;
        alive[type_of(object).id()] = true;
        if (!head.shared) break;
      }
    }
  }
  return alive;
}

void Heap::forget(Type& type) {
  const auto holds = [&](const Space& space) {
    if (!space.large()) return space.type == type.id();
    return std::any_of(space.spans.begin(), space.spans.end(),
                       [&](BlockIndex first) { return space_.block(first).type == type.id(); });
  };
  // No block may name a freed id: the spans of this type are all dead, and go at once. Its own
  // spaces are then empty, and the next type's.
  vacant_.reserve(spaces_.size());
  for (Space& space : spaces_) {
    if (!holds(space)) continue;
    space.next_unswept = 0;
    sweep_rest(space);
    if (space.large()) continue;
    space.type = no_type;
    vacant_.push_back(&space);
  }
  types_.remove(type);
}

}  // namespace midden::inline MIDDEN_ABI::collector
