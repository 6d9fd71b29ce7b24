#include "tests/collector/shadow_graph.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "collector/check/poison.hpp"

namespace midden::collector_tests {

namespace {

constexpr std::uint32_t at_0_8_16_24[] = {0, 8, 16, 24};

// What a byte beside the references holds.
std::byte content(std::uint64_t seed, std::size_t offset) {
  const std::uint64_t mixed = (seed + offset / 8) * 0x9e3779b97f4a7c15;
  return static_cast<std::byte>(mixed >> (8 + offset % 8 * 6));
}

// Large objects are compared at some places only.
std::size_t stride(std::size_t bytes) { return bytes > 8192 ? 61 : 1; }

void* load_word(const std::byte* at) {
  void* word = nullptr;
  std::memcpy(&word, at, sizeof word);
  return word;
}
void store_word(std::byte* at, std::uintptr_t word) { std::memcpy(at, &word, sizeof word); }

// A tagged word, a Ref, and two in a row: each verb of the Tracer.
void scan_tagged(Tracer& tracer, const void* object) {
  const auto* bytes = static_cast<const std::byte*>(object);
  const auto word = reinterpret_cast<std::uintptr_t>(load_word(bytes));
  if ((word & 1) == 0) tracer.object(reinterpret_cast<const void*>(word));
  tracer.edge(*reinterpret_cast<const Ref<int>*>(bytes + 8));
  tracer.edges(reinterpret_cast<const Ref<int>*>(bytes + 16), 2);
}

}  // namespace

ShadowGraph::ShadowGraph(FullCycle& full, std::mt19937_64 random) : full_(full), second_(full.heap), random_(random) {
  add_fixed_shapes();
  for (int i = 0; i < 6; ++i) add_random_shape();
}

void ShadowGraph::add_fixed_shapes() {
  const auto add = [&](const TypeInfo& info, std::size_t max_elements = 0) {
    shapes_.push_back({.type = &full_.add(info),
                       .refs = {info.refs.begin(), info.refs.end()},
                       .element_refs = {info.element_refs.begin(), info.element_refs.end()},
                       .max_elements = max_elements});
  };
  const std::span<const std::uint32_t> words(at_0_8_16_24);
  add({.name = "pair", .size = 16, .refs = words.first(2)});
  add({.name = "odd", .size = 24, .refs = words.subspan(1, 1)});
  add({.name = "blob", .size = 40});
  add({.name = "wide", .size = 40'000, .refs = words});
  add({.name = "page", .size = 4096, .alignment = 4096, .refs = words.first(1)});
  add({.name = "lines", .size = 200, .alignment = 64, .refs = words});
  add({.name = "refs", .size = 8, .element_size = 8, .element_refs = words.first(1)}, 60);
  add({.name = "many refs", .size = 8, .element_size = 8, .element_refs = words.first(1)}, 40'000);
  add({.name = "entries",
       .size = 24,
       .refs = words.subspan(1, 1),
       .element_size = 32,
       .element_refs = words.subspan(1, 2)},
      90);
  add({.name = "text", .size = 8, .element_size = 1}, 3000);
  add({.name = "large leaf", .size = 300'000});
  add({.name = "tagged", .size = 48, .scan = scan_tagged});
  shapes_.back().refs.assign(words.begin(), words.end());
  shapes_.back().tagged = true;
}

void ShadowGraph::add_random_shape() {
  Shape shape{};
  const std::size_t size = 8 * (1 + below(below(10) == 0 ? 2000 : 40));
  const std::size_t alignment = std::size_t{8} << (below(6) == 0 ? below(10) : 0);
  const bool elements = below(3) == 0;
  const std::size_t element_size = elements ? 8 * (1 + below(5)) : 0;
  // Word 0 counts the elements where there are any.
  for (std::size_t offset = elements ? 8 : 0; offset < size && shape.refs.size() < 20; offset += 8) {
    if (below(3) == 0) shape.refs.push_back(static_cast<std::uint32_t>(offset));
  }
  for (std::size_t offset = 0; offset < element_size; offset += 8) {
    if (below(3) == 0) shape.element_refs.push_back(static_cast<std::uint32_t>(offset));
  }
  shape.max_elements = elements ? 1 + below(100) : 0;
  shape.type = &full_.add({.name = "made at run time",
                           .size = size,
                           .alignment = alignment,
                           .refs = shape.refs,
                           .element_size = element_size,
                           .element_refs = shape.element_refs});
  shapes_.push_back(std::move(shape));
}

void ShadowGraph::retire_shape() {
  Shape& shape = shapes_[below(shapes_.size())];
  if (shape.retired) return;
  shape.retired = true;
  full_.heap.retire(*shape.type);
  add_random_shape();
}

void ShadowGraph::step() {
  switch (below(16)) {
    case 0:
      roots_.push_back(below(4) == 0 ? none : make());
      break;
    case 1:
      if (roots_.size() > 40) drop_roots(30);
      break;
    case 2:
      if (below(40) == 0) retire_shape();
      break;
    case 3:
      if (below(20) == 0) (below(2) == 0 ? full_.allocator : second_).give_back();
      break;
    default:
      const Id from = pick();
      if (from == none || objects_.at(from).targets.empty()) {
        roots_.push_back(make());
        break;
      }
      const Id target = below(3) == 0 ? (below(3) == 0 ? none : pick()) : make();
      set_target(from, below(objects_.at(from).targets.size()), target);
  }
}

std::byte* ShadowGraph::allocate(Shape& shape, std::size_t bytes) {
  LocalAllocator& mutator = below(3) == 0 ? second_ : full_.allocator;
  const TypeInfo& info = shape.type->info();
  Grant grant{};
  if (info.element_size == 0 && below(2) == 0) {
    // As make<T> does: the cursor first.
    const std::uint32_t slot = shape.type->id();
    if (slot < mutator.cursor_count() && !mutator.cursors()[slot].empty())
      grant.memory = mutator.cursors()[slot].take();
    const auto fixed = [&] { return mutator.allocate_fixed(slot, *shape.type, Effort::beyond_trigger); };
    if (grant.memory == nullptr) grant = ask(fixed);
  } else {
    grant = ask([&] { return mutator.allocate(*shape.type, bytes, Effort::beyond_trigger); });
  }
  if (grant.memory == nullptr) FAIL("no memory");
  return grant.memory;
}

ShadowGraph::Id ShadowGraph::make() {
  const auto wanted = [&](const Shape& shape) {
    if (shape.retired) return false;  // its type may be gone
    const bool big = std::max(shape.type->info().size, shape.max_elements * 8) > 20'000;
    return !big || below(20) == 0;
  };
  Shape* shape = nullptr;
  do shape = &shapes_[below(shapes_.size())];
  while (!wanted(*shape));

  const TypeInfo& info = shape->type->info();
  const std::size_t elements = shape->max_elements == 0 ? 0 : below(shape->max_elements + 1);
  const std::size_t used = shape->element_refs.empty() ? 0 : below(elements + 1);
  const std::size_t bytes = info.size + elements * info.element_size;
  std::byte* address = allocate(*shape, bytes);

  REQUIRE(reinterpret_cast<std::uintptr_t>(address) % info.alignment == 0);
  REQUIRE(&full_.heap.type_of(address) == shape->type);
  REQUIRE(std::all_of(address, address + bytes, [](std::byte byte) { return byte == std::byte{0}; }));
  const std::byte* end = address + full_.heap.slot_bytes_of(address);
  REQUIRE(address + bytes <= end);
  const auto after = taken_.lower_bound(address);
  REQUIRE((after == taken_.end() || end <= after->first));
  REQUIRE((after == taken_.begin() || std::prev(after)->second <= address));
  taken_.emplace(address, end);

  Object object{shape, elements, used, address, random_(), {}};
  object.targets.assign(shape->refs.size() + used * shape->element_refs.size(), none);
  fill(object);
  objects_.emplace(next_id_, std::move(object));
  const Id id = next_id_++;
  const std::size_t edges = objects_.at(id).targets.size();
  for (std::size_t i = 0; i < std::min<std::size_t>(edges, 4); ++i) {
    if (below(2) == 0) set_target(id, below(edges), below(8) == 0 ? id : pick());
  }
  return id;
}

ShadowGraph::Id ShadowGraph::pick() {
  if (roots_.empty()) return none;
  Id id = roots_[below(roots_.size())];
  for (std::uint64_t steps = below(12); id != none && steps > 0; --steps) {
    const std::vector<Id>& targets = objects_.at(id).targets;
    if (targets.empty()) return id;
    const Id next = targets[below(targets.size())];
    if (next != none) id = next;
  }
  return id;
}

void ShadowGraph::set_target(Id id, std::size_t edge, Id target) {
  Object& object = objects_.at(id);
  object.targets[edge] = target;
  std::byte* at = object.address + edge_offset(object, edge);
  if (target != none) {
    store_word(at, reinterpret_cast<std::uintptr_t>(objects_.at(target).address));
  } else {
    store_word(at, object.shape->tagged && edge == 0 ? object.seed | 1 : 0);
  }
}

void ShadowGraph::drop_roots(std::size_t keep) {
  std::shuffle(roots_.begin(), roots_.end(), random_);
  roots_.resize(keep);
}

std::size_t ShadowGraph::bytes_of(const Object& object) const {
  const TypeInfo& info = object.shape->type->info();
  return info.size + object.elements * info.element_size;
}

std::size_t ShadowGraph::edge_offset(const Object& object, std::size_t edge) const {
  const Shape& shape = *object.shape;
  if (edge < shape.refs.size()) return shape.refs[edge];
  edge -= shape.refs.size();
  const TypeInfo& info = shape.type->info();
  return info.size + edge / shape.element_refs.size() * info.element_size +
         shape.element_refs[edge % shape.element_refs.size()];
}

// Everything but the references, which are null, and the count. Elements beyond the count are
// filled too: they must not be taken for references.
void ShadowGraph::fill(const Object& object) const {
  const std::size_t bytes = bytes_of(object);
  for (std::size_t i = 0; i < bytes; ++i) object.address[i] = content(object.seed, i);
  if (!object.shape->element_refs.empty()) store_word(object.address, object.used);
  for (std::size_t edge = 0; edge < object.targets.size(); ++edge) {
    store_word(object.address + edge_offset(object, edge), object.shape->tagged && edge == 0 ? object.seed | 1 : 0);
  }
}

bool ShadowGraph::intact(Id id) const {
  const Object& object = objects_.at(id);
  const std::size_t bytes = bytes_of(object);
  std::vector<bool> special(bytes / 8 + 1, false);
  if (!object.shape->element_refs.empty()) special[0] = true;
  for (std::size_t edge = 0; edge < object.targets.size(); ++edge) {
    const std::size_t offset = edge_offset(object, edge);
    special[offset / 8] = true;
    const void* word = load_word(object.address + offset);
    if (object.targets[edge] != none) {
      if (word != objects_.at(object.targets[edge]).address) return false;
    } else if (word != nullptr && (reinterpret_cast<std::uintptr_t>(word) & 1) == 0) {
      return false;
    }
  }
  for (std::size_t i = 0; i < bytes; i += stride(bytes)) {
    if (!special[i / 8] && object.address[i] != content(object.seed, i)) return false;
  }
  return &full_.heap.type_of(object.address) == object.shape->type;
}

std::vector<bool> ShadowGraph::reachable() const {
  std::vector<bool> found(next_id_, false);
  std::vector<Id> waiting;
  const auto reach = [&](Id id) {
    if (id == none || found[id]) return;
    found[id] = true;
    waiting.push_back(id);
  };
  for (const Id root : roots_) reach(root);
  while (!waiting.empty()) {
    const Id id = waiting.back();
    waiting.pop_back();
    for (const Id target : objects_.at(id).targets) reach(target);
  }
  return found;
}

void ShadowGraph::collect() {
  full_.roots.objects.clear();
  std::uint64_t references = 0;
  for (const Id root : roots_) {
    full_.roots.objects.push_back(root == none ? nullptr : objects_.at(root).address);
    references += root != none;
  }
  const std::vector<bool> alive = reachable();
  const CycleReport report = full_.collect();
  ++cycles_;

  std::uint64_t survivors = 0, live = 0, scannable = 0;
  std::vector<std::pair<std::byte*, std::size_t>> dead;
  for (auto at = objects_.begin(); at != objects_.end();) {
    const auto& [id, object] = *at;
    const std::size_t slot = static_cast<std::size_t>(taken_.at(object.address) - object.address);
    REQUIRE(full_.marked(object.address) == alive[id]);
    if (alive[id]) {
      ++survivors;
      live += slot;
      scannable += object.shape->type->info().leaf() ? granule_bytes : slot;
      references += static_cast<std::uint64_t>(
          std::count_if(object.targets.begin(), object.targets.end(), [](Id target) { return target != none; }));
      REQUIRE(intact(id));
      ++at;
    } else {
      dead.emplace_back(object.address, slot);
      taken_.erase(object.address);
      at = objects_.erase(at);
    }
  }
  if (report.workers == 1) {
    REQUIRE(report.objects_marked == survivors);
    REQUIRE(report.references_scanned == references);
    REQUIRE(report.live_bytes == live);
    REQUIRE(report.scannable_bytes == scannable);
  } else {
    // Workers that meet at an object count it twice.
    REQUIRE(report.objects_marked >= survivors);
    REQUIRE(report.references_scanned >= references);
    REQUIRE(report.live_bytes >= live);
    REQUIRE(report.scannable_bytes >= scannable);
  }

  if (below(3) != 0) return;
  REQUIRE(full_.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  for (const auto& [address, slot] : dead) {
    if (!full_.heap.is_slot(address)) continue;  // its block is free
    REQUIRE(full_.byte_of(address) == 0);
    if (!full_.heap.checked()) continue;
    REQUIRE(std::all_of(address, address + slot, [](std::byte byte) { return byte == std::byte{poison_byte}; }));
  }
}

void ShadowGraph::finish() {
  for (Shape& shape : shapes_) {
    if (!shape.retired) full_.heap.retire(*shape.type);
    shape.retired = true;
  }
  roots_.clear();
  collect();
  CHECK(objects_.empty());
  CHECK(taken_.empty());
  REQUIRE(full_.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  CHECK(full_.heap.report().used_bytes == 0);
  CHECK(full_.heap.types().all().empty());
}

}  // namespace midden::collector_tests
