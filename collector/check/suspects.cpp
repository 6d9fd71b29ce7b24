#include "collector/check/suspects.hpp"

#include <cstring>
#include <utility>

#include "collector/check/heap_walk.hpp"

namespace midden::inline MIDDEN_ABI::collector {

std::vector<std::string> Suspects::find(const StoppedWorld& stopped) {
  for (const Space& space : heap_.spaces(stopped)) {
    for (const BlockIndex first : space.spans) inspect_span(heap_.address_space().block(first));
  }
  if (found_ > told_.size()) told_.push_back("and " + std::to_string(found_ - told_.size()) + " more suspects");
  return std::move(told_);
}

void Suspects::inspect_span(const Block& head) {
  if (!head.shared && heap_.types()[head.type].info().inspect == nullptr) return;
  const std::byte* object = heap_.address_space().begin_of(head.first);
  for (std::uint32_t slot = 0; slot < head.slots; ++slot, object += head.slot_bytes) {
    if (!heap_.marked(object)) continue;
    const InspectFunction inspect = heap_.type_of(object).info().inspect;
    if (inspect == nullptr) continue;
    object_ = object;
    inspect(*this, object);
  }
}

void Suspects::visit(std::span<const std::byte> piece, Label label) {
  for (std::size_t at = 0; at + sizeof(void*) <= piece.size(); at += sizeof(void*)) {
    const void* word = nullptr;
    std::memcpy(&word, piece.data() + at, sizeof word);
    if (!was_alive(word)) continue;
    if (++found_ <= most_told) told_.push_back(line(label.make(label.context), at, word));
  }
}

bool Suspects::was_alive(const void* address) const {
  if (!heap_.is_slot(address)) return false;
  const Metadata metadata = heap_.address_space().metadata(address);
  if ((metadata.load() & born_flag) == 0) return false;
  // What was made since the last cycle has no mark, and stands where that cycle's sweep has passed.
  const std::uint64_t before = heap_.cycle() - 1;
  return heap_.marked(address) || metadata.has(colour_of_cycle(before)) ||
         heap_.address_space().head_of(address).swept_cycle >= before;
}

std::string Suspects::line(const std::string& piece, std::size_t at, const void* target) const {
  std::string text = describe_object(heap_, object_) + ": " + piece + " +" + std::to_string(at) +
                     " looks like a reference to " + describe_object(heap_, target);
  if (!heap_.marked(target)) text += ", which nothing else keeps alive";
  return text;
}

}  // namespace midden::inline MIDDEN_ABI::collector
