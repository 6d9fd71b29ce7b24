#include "collector/check/verifier.hpp"

#include <cstdio>

#include "collector/check/heap_walk.hpp"
#include "collector/check/poison.hpp"

namespace midden::inline MIDDEN_ABI::collector {

Checked Verifier::trace(const StoppedWorld&, std::span<RootSource* const> roots) {
  last_cycle_ = heap_.cycle();
  last_colour_ = heap_.live_colour();
  return follow_all(roots);
}

Checked Verifier::follow_all(std::span<RootSource* const> roots) {
  reached_.clear();
  fault_.reset();
  for (RootSource* source : roots) {
    parent_ = nullptr;
    root_ = source->name();
    source->trace(*this);
  }
  while (!grey_.empty() && !fault_) {
    const void* object = grey_.back();
    grey_.pop_back();
    scan(object);
  }
  grey_.clear();
  return fault_;
}

void Verifier::visit(const std::atomic<void*>* edges, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::ptrdiff_t offset =
        parent_ == nullptr ? -1
                           : reinterpret_cast<const std::byte*>(edges + i) - static_cast<const std::byte*>(parent_);
    follow(detail::load_edge(edges[i]), offset);
  }
}

void Verifier::follow(const void* target, std::ptrdiff_t offset) {
  if (target == nullptr || fault_) return;
  if (const char* fault = fault_of(target)) {
    char address[32];
    std::snprintf(address, sizeof address, "%p", target);
    std::string path = parent_ == nullptr ? std::string("root: ") + root_ : path_to(parent_);
    if (offset >= 0) path.append(" +").append(std::to_string(offset));
    fault_ = Finding{std::string("a reference leads to ") + fault, path + " -> " + address};
    return;
  }
  if (reached_.try_emplace(target, Origin{parent_, root_, offset}).second) grey_.push_back(target);
}

const char* Verifier::fault_of(const void* target) const {
  const AddressSpace& space = heap_.address_space();
  if (reinterpret_cast<std::uintptr_t>(target) == poison_word) return "poison: it was loaded from a freed object";
  if (!space.contains(target)) return "an address outside of this Runtime's heap";
  if (!heap_.is_slot(target)) return "an address at which no object starts";
  const Metadata metadata = space.metadata(target);
  if ((metadata.load() & born_flag) == 0) return "a freed object";
  // Nothing is made in a span that the last cycle's sweep has not passed: what has no mark there died.
  const bool marked = metadata.has(last_colour_) || metadata.has(heap_.live_colour());
  if (space.head_of(target).swept_cycle < last_cycle_ && !marked) return "a freed object";
  return nullptr;
}

void Verifier::scan(const void* object) {
  parent_ = object;
  const TypeInfo& type = heap_.type_of(object).info();
  if (type.scan != nullptr) {
    type.scan(*this, object);
    return;
  }
  const auto* bytes = static_cast<const std::byte*>(object);
  const auto edge = [&](const std::byte* at) { visit(reinterpret_cast<const std::atomic<void*>*>(at), 1); };
  for (const std::uint32_t offset : type.refs) edge(bytes + offset);
  if (type.element_refs.empty()) return;
  const std::size_t used = *reinterpret_cast<const std::size_t*>(bytes + type.used_offset);
  if (used > (heap_.slot_bytes_of(object) - type.size) / type.element_size) {
    fault_ = Finding{"an object counts more elements than it has room for", path_to(object)};
    return;
  }
  for (std::size_t i = 0; i < used; ++i) {
    for (const std::uint32_t offset : type.element_refs) edge(bytes + type.size + i * type.element_size + offset);
  }
}

Checked Verifier::compare(const StoppedWorld& stopped, std::span<RootSource* const> roots) {
  if (const void* object = find_extra(stopped)) {
    return Finding{"marking marked an object that is not reachable", describe_object(heap_, object)};
  }
  if (find_missed() == nullptr) return {};
  if (Checked fault = follow_all(roots)) return fault;
  if (const void* object = find_missed()) {
    return Finding{"marking missed an object that is reachable", path_to(object)};
  }
  return {};
}

// Null: all that was reached is marked.
const void* Verifier::find_missed() const {
  for (const auto& [object, origin] : reached_) {
    if (!heap_.address_space().metadata(object).has(heap_.live_colour())) return object;
  }
  return nullptr;
}

// Null: all that is marked was reached.
const void* Verifier::find_extra(const StoppedWorld& stopped) const {
  const AddressSpace& space = heap_.address_space();
  for (const Space& owner : heap_.spaces(stopped)) {
    for (const BlockIndex first : owner.spans) {
      const Block& head = space.block(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
        const std::byte* object = space.begin_of(first) + slot * head.slot_bytes;
        if (space.metadata(object).has(heap_.live_colour()) && !reached_.contains(object)) return object;
      }
    }
  }
  return nullptr;
}

std::string Verifier::path_to(const void* object) const {
  std::string path = describe_object(heap_, object);
  for (std::size_t steps = 0; steps < 64; ++steps) {
    const Origin& origin = reached_.at(object);
    if (origin.parent == nullptr) return std::string("root: ") + origin.root + " -> " + path;
    std::string edge = describe_object(heap_, origin.parent);
    if (origin.offset >= 0) edge.append(" +").append(std::to_string(origin.offset));
    path = edge.append(" -> ").append(path);
    object = origin.parent;
  }
  return std::string("... ").append(path);
}

}  // namespace midden::inline MIDDEN_ABI::collector
