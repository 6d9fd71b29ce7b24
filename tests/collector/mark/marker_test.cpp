#include "collector/mark/marker.hpp"

#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "tests/collector/marking.hpp"

namespace midden::collector_tests {
namespace {

TEST_CASE("Without roots nothing is marked, and null is no reference") {
  Marking m;
  Node* node = m.make<Node>();
  CHECK(m.mark({}).objects == 0);
  const MarkTotals& totals = m.mark({nullptr, nullptr});
  CHECK(totals.objects == 0);
  CHECK(totals.references == 0);
  CHECK(totals.live_bytes == 0);
  CHECK_FALSE(m.marked(node));
}

TEST_CASE("Just what a root reaches is marked, through cycles and to itself") {
  Marking m;
  std::vector<Node*> nodes;
  for (int i = 0; i < 6; ++i) nodes.push_back(m.make<Node>());
  nodes[0]->left = nodes[1];
  nodes[0]->right = nodes[2];
  nodes[1]->left = nodes[0];
  nodes[2]->right = nodes[2];
  nodes[3]->left = nodes[0];  // reaches, is not reached
  nodes[4]->left = nodes[5];
  nodes[5]->left = nodes[4];
  for (int cycle = 0; cycle < 7; ++cycle) {
    CAPTURE(cycle);
    const MarkTotals& totals = m.mark({nodes[0]});
    CHECK(totals.objects == 3);
    CHECK(totals.references == 1 + 4);
    CHECK(totals.live_bytes == 3 * 16);
    CHECK(totals.scannable_bytes == 3 * 16);
    for (int i = 0; i < 6; ++i) CHECK(m.marked(nodes[static_cast<std::size_t>(i)]) == (i < 3));
  }
}

TEST_CASE("An object that many references name is marked once, and each reference is counted") {
  Marking m;
  Node* shared = m.make<Node>();
  Type& type = m.add(RefArray::type());
  auto* array = m.make_array<RefArray>(type, 1000);
  for (std::size_t i = 0; i < 1000; i += 2) array->begin()[i] = shared;
  const MarkTotals& totals = m.mark({array, array, shared});
  CHECK(totals.objects == 2);
  CHECK(totals.references == 3 + 500);
}

TEST_CASE("A list as long as it likes needs no C++ stack") {
  Marking m;
  std::vector<Node*> nodes{m.make<Node>()};
  for (int i = 0; i < 300'000; ++i) {
    Node* node = m.make<Node>();
    node->right = nodes.back();
    nodes.push_back(node);
  }
  CHECK(m.mark({nodes.back()}).objects == nodes.size());
  CHECK(m.count_marked(nodes) == nodes.size());
}

TEST_CASE("Of an array just the used elements are scanned, in pieces where there are many") {
  for (const std::size_t length : {0U, 1U, 2047U, 2048U, 2049U, 4096U, 4097U, 50'000U}) {
    CAPTURE(length);
    Marking m;
    Type& type = m.add(RefArray::type());
    auto* array = m.make_array<RefArray>(type, length + 10);
    std::vector<Node*> nodes;
    for (std::size_t i = 0; i < length + 10; ++i) {
      nodes.push_back(m.make<Node>());
      array->begin()[i] = nodes.back();
    }
    array->used = length;
    const MarkTotals& totals = m.mark({array});
    CHECK(totals.objects == length + 1);
    CHECK(totals.references == length + 1);
    for (std::size_t i = 0; i < nodes.size(); ++i) REQUIRE(m.marked(nodes[i]) == (i < length));
  }
}

TEST_CASE("Elements with several references, a fixed part with its own, and a count anywhere") {
  Marking m;
  Type& type = m.add(EntryArray::type());
  auto* array = m.make_array<EntryArray>(type, 5000);
  std::vector<Node*> nodes;
  const auto next = [&] { return nodes.emplace_back(m.make<Node>()); };
  array->owner = next();
  for (std::size_t i = 0; i < 5000; ++i) new (&array->begin()[i]) Entry{Ref<Node>(next()), ~0ULL, Ref<Node>(next())};
  const MarkTotals& totals = m.mark({array});
  CHECK(totals.objects == nodes.size() + 1);
  CHECK(totals.references == nodes.size() + 1);
  CHECK(m.count_marked(nodes) == nodes.size());
  CHECK(totals.live_bytes == nodes.size() * 16 + m.heap.slot_bytes_of(array));
}

TEST_CASE("References in slots of 24 bytes, and in objects with alignments, are found") {
  Marking m;
  static constexpr std::uint32_t last_word[] = {192};
  Type& aligned = m.add({.name = "aligned", .size = 200, .alignment = 256, .refs = last_word});
  Odd* odd = m.make<Odd>();
  odd->next = m.make<Odd>();
  odd->before = odd->after = ~0ULL;
  auto* word = reinterpret_cast<Ref<Odd>*>(m.make(aligned) + 192);
  new (word) Ref<Odd>(odd);
  const MarkTotals& totals = m.mark({reinterpret_cast<std::byte*>(word) - 192});
  CHECK(totals.objects == 3);
  CHECK(totals.live_bytes == 256 + 2 * 24);
  CHECK(m.marked(odd->next.get()));
}

TEST_CASE("A scan function reports with all three verbs, and tagged words stay what they are") {
  Marking m;
  std::vector<Node*> nodes;
  for (int i = 0; i < 6; ++i) nodes.push_back(m.make<Node>());
  Tagged* number = m.make<Tagged>();
  Tagged* reference = m.make<Tagged>();
  number->word = 12345;  // odd: no reference
  number->single = nodes[0];
  for (std::size_t i = 0; i < 3; ++i) number->row[i] = nodes[i + 1];
  reference->word = reinterpret_cast<std::uintptr_t>(nodes[4]);
  nodes[4]->left = nodes[5];
  const MarkTotals& totals = m.mark({number, reference});
  CHECK(totals.objects == 8);
  CHECK(totals.references == 2 + 4 + 1 + 1);
  CHECK(m.count_marked(nodes) == 6);
}

TEST_CASE("A leaf is marked and never touched: shared, in blocks of its own, and large") {
  for (const std::size_t size : {16U, 4096U, 300'000U}) {
    CAPTURE(size);
    Marking m;
    Type& type = m.add(leaf_of(size));
    Type& neighbour = m.add(leaf_of(size));
    std::byte* shared = m.make(type);
    for (std::size_t i = 0; i < promotion_bytes / size + 1; ++i) {
      m.make(type);
      m.make(neighbour);
    }
    std::byte* own = m.make(type);
    std::memset(own, 0x7f, size);
    // Whoever reads there now ends the program.
    const auto protect = [&](std::byte* object, int access) {
      std::byte* begin = m.heap.address_space().begin_of(m.block_of(object));
      REQUIRE(::mprotect(begin, block_bytes, access) == 0);
    };
    protect(shared, PROT_NONE);
    protect(own, PROT_NONE);
    const MarkTotals& totals = m.mark({shared, own});
    protect(shared, PROT_READ | PROT_WRITE);
    protect(own, PROT_READ | PROT_WRITE);
    CHECK(totals.objects == 2);
    CHECK(totals.references == 2);
    CHECK(m.marked(shared));
    CHECK(m.marked(own));
    CHECK(totals.live_bytes == m.heap.slot_bytes_of(shared) + m.heap.slot_bytes_of(own));
    CHECK(totals.scannable_bytes == 2 * granule_bytes);
  }
}

TEST_CASE("A segment counts what its owner committed, a large leaf its pages") {
  Marking m;
  Type& segment = m.add(segment_type());
  Type& leaf = m.add(leaf_of(300'000));
  std::byte* arena = m.make(segment, 1 << 20);
  std::byte* large = m.make(leaf);
  CHECK(m.heap.commit_segment(arena, 10'000, Effort::normal) == Verdict::memory);
  const MarkTotals& totals = m.mark({arena, large});
  CHECK(totals.objects == 2);
  CHECK(totals.arena_bytes == 12'288);
  CHECK(totals.live_bytes == round_up(300'000, page_bytes));
  CHECK(totals.scannable_bytes == 2 * granule_bytes);
}

TEST_CASE("A large object with references is scanned") {
  Marking m;
  Type& type = m.add(RefArray::type());
  auto* array = m.make_array<RefArray>(type, 100'000);
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < 100'000; i += 100) array->begin()[i] = nodes.emplace_back(m.make<Node>());
  const MarkTotals& totals = m.mark({array});
  CHECK(totals.objects == nodes.size() + 1);
  CHECK(totals.scannable_bytes == m.heap.slot_bytes_of(array) + nodes.size() * 16);
}

TEST_CASE("Flags beside the colour survive marking") {
  Marking m;
  Node* node = m.make<Node>();
  m.heap.address_space().metadata(node).set(pinned_flag);
  m.mark({node});
  CHECK(m.byte_of(node) == (m.heap.live_colour() | pinned_flag));
}

TEST_CASE("Objects that share a block keep their own ways of being scanned") {
  Marking m;
  static constexpr std::uint32_t second[] = {8};
  Type& late = m.add({.name = "late", .size = 16, .refs = second});
  Type& leaf = m.add(leaf_of(16));
  Node* target = m.make<Node>();
  std::byte* node = m.make(late);
  std::byte* blob = m.make(leaf);
  std::memset(node, 0x7f, 8);  // no reference there
  new (node + 8) Ref<Node>(target);
  std::memset(blob, 0x7f, 16);
  REQUIRE(m.block_of(node) == m.block_of(blob));
  const MarkTotals& totals = m.mark({node, blob});
  CHECK(totals.objects == 3);
  CHECK(m.marked(target));
}

}  // namespace
}  // namespace midden::collector_tests
