#pragma once
// Types of every kind that marking meets.

#include <cstddef>
#include <cstdint>
#include <new>

#include <midden/describe.hpp>

#include "collector/heap/type_table.hpp"

namespace midden::collector_tests {

struct Node {
  Ref<Node> left, right;
  static constexpr auto midden_refs = refs<Node>(&Node::left, &Node::right);
};

// 24 bytes, with its reference in the middle.
struct Odd {
  std::uint64_t before = 0;
  Ref<Odd> next;
  std::uint64_t after = 0;
  static constexpr auto midden_refs = refs<Odd>(&Odd::next);
};

// References behind a length, as in an array; `used` of them are scanned.
struct RefArray {
  std::size_t used = 0;
  static TypeInfo type() {
    static constexpr std::uint32_t at_start[] = {0};
    return {.name = "RefArray", .size = sizeof(RefArray), .element_size = 8, .element_refs = at_start};
  }
  Ref<Node>* begin() { return reinterpret_cast<Ref<Node>*>(this + 1); }
};

// Elements of 24 bytes with two references each; the count is not at the start.
struct Entry {
  Ref<Node> key;
  std::uint64_t hash = ~std::uint64_t{0};
  Ref<Node> value;
};
struct EntryArray {
  Ref<Node> owner;
  std::size_t used = 0;
  static TypeInfo type() {
    static constexpr std::uint32_t at_start[] = {0};
    static constexpr std::uint32_t key_and_value[] = {0, 16};
    return {.name = "EntryArray",
            .size = sizeof(EntryArray),
            .refs = at_start,
            .element_size = sizeof(Entry),
            .element_refs = key_and_value,
            .used_offset = 8};
  }
  Entry* begin() { return reinterpret_cast<Entry*>(this + 1); }
};

// A tagged word: a reference where the lowest bit is 0. Reports with every verb of the Tracer.
struct Tagged {
  std::uintptr_t word = 1;
  Ref<Node> single;
  Ref<Node> row[3];

  static void midden_trace(const Tagged& self, Tracer& tracer) {
    if ((self.word & 1) == 0) tracer.object(reinterpret_cast<const void*>(self.word));
    tracer.edge(self.single);
    tracer.edges(self.row, 3);
  }
};

}  // namespace midden::collector_tests
