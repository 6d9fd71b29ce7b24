#pragma once
// A graph of heap objects and its shadow: the same graph in std containers, which no collector
// touches. Random operations change both; a collection must leave of the one what is reachable in
// the other.
//
//   shadow   object -> shape, address, targets, seed         reachable: a search from the roots
//   heap     slot   -> references at the shape's offsets, every other byte made from the seed
//
// Compared at each collection: what is marked; objects, references and bytes of the report; every
// reference and byte of each survivor; that new memory is zero and was nobody's; that swept slots
// of the dead are free, and full of poison in a checked heap.

#include <map>
#include <random>
#include <vector>

#include "tests/collector/full_cycle.hpp"

namespace midden::collector_tests {

class ShadowGraph {
 public:
  ShadowGraph(FullCycle& full, std::mt19937_64 random);

  // One random operation.
  void step();
  // A collection with all comparisons; sometimes what died is swept at once.
  void collect();
  // Lets everything die: the heap must be empty then, and all run-time types gone.
  void finish();

  std::size_t objects() const { return objects_.size(); }
  std::size_t cycles() const { return cycles_; }

 private:
  using Id = std::size_t;
  static constexpr Id none = ~Id{0};

  // A type, with what the graph must know of it.
  struct Shape {
    Type* type;
    std::vector<std::uint32_t> refs, element_refs;
    std::size_t max_elements = 0;
    bool tagged = false;   // word 0 is a number where it is not a reference
    bool retired = false;  // no more of them are made
  };
  struct Object {
    Shape* shape;
    std::size_t elements;
    std::size_t used;
    std::byte* address;
    std::uint64_t seed;
    std::vector<Id> targets;
  };

  void add_fixed_shapes();
  void add_random_shape();
  void retire_shape();

  std::byte* allocate(Shape& shape, std::size_t bytes);
  Id make();
  // Any object that a root reaches by a short random walk, or none.
  Id pick();
  void set_target(Id id, std::size_t edge, Id target);
  void drop_roots(std::size_t keep);

  std::size_t bytes_of(const Object& object) const;
  std::size_t edge_offset(const Object& object, std::size_t edge) const;
  void fill(const Object& object) const;
  bool intact(Id id) const;
  std::vector<bool> reachable() const;

  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  FullCycle& full_;
  LocalAllocator second_;  // another mutator
  std::mt19937_64 random_;
  std::deque<Shape> shapes_;
  std::map<Id, Object> objects_;
  std::map<const std::byte*, const std::byte*> taken_;  // begin -> end of every slot in use
  std::vector<Id> roots_;
  Id next_id_ = 0;
  std::size_t cycles_ = 0;
};

}  // namespace midden::collector_tests
