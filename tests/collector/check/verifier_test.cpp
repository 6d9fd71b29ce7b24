#include "collector/check/verifier.hpp"

#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "collector/check/poison.hpp"
#include "tests/collector/full_cycle.hpp"
#include "tests/collector/marking.hpp"

namespace midden::collector_tests {
namespace {

std::string text_of(const void* address) {
  char text[32];
  std::snprintf(text, sizeof text, "%p", address);
  return text;
}
std::string node_at(const void* address) {
  return std::string("midden::collector_tests::Node@").append(text_of(address));
}
// Writes what no store of a Ref would.
void plant(Ref<Node>& edge, const void* target) { *reinterpret_cast<const void**>(&edge) = target; }

// A checked heap with root -> first -> second (at +8).
struct Verified : Marking {
  Verified() : Marking(std::numeric_limits<std::size_t>::max(), true), verifier(heap) {
    first = make<Node>();
    second = make<Node>();
    first->right = second;
    roots.objects = {first};
  }
  Checked trace() {
    RootSource* sources[] = {&roots};
    return verifier.trace(world.stop(), sources);
  }
  Checked compare() {
    RootSource* sources[] = {&roots};
    return verifier.compare(world.stop(), sources);
  }
  // What the one fault is, and where: "root: test -> ... +8 -> 0x..".
  void expect(const std::string& what, const std::string& where) {
    const Checked found = trace();
    REQUIRE(found.has_value());
    CHECK(found->what == what);
    CHECK(found->structure == where);
  }

  RootList roots;
  Verifier verifier;
  Node *first, *second;
};

TEST_CASE("A sound graph has no fault, also where it has cycles") {
  Verified v;
  v.second->left = v.first;
  v.second->right = v.second;
  CHECK_FALSE(v.trace().has_value());
  CHECK_FALSE(v.trace().has_value());
}

TEST_CASE("A reference out of the heap is named with its path") {
  Verified v;
  int elsewhere = 0;
  plant(v.second->left, &elsewhere);
  v.expect("a reference leads to an address outside of this Runtime's heap",
           "root: test -> " + node_at(v.first) + " +8 -> " + node_at(v.second) + " +0 -> " + text_of(&elsewhere));
}

TEST_CASE("A root that leads nowhere is named by its source") {
  Verified v;
  v.roots.objects.push_back(&v);
  v.expect("a reference leads to an address outside of this Runtime's heap", "root: test -> " + text_of(&v));
}

TEST_CASE("A reference into an object is named") {
  Verified v;
  const void* inside = reinterpret_cast<std::byte*>(v.second) + 8;
  plant(v.first->left, inside);
  v.expect("a reference leads to an address at which no object starts",
           "root: test -> " + node_at(v.first) + " +0 -> " + text_of(inside));
}

TEST_CASE("A reference to a slot that was never handed out, or was swept, is named") {
  Verified v;
  Node* dead = v.make<Node>();
  const Node* never = dead + 1;
  plant(v.first->left, never);
  v.expect("a reference leads to a freed object", "root: test -> " + node_at(v.first) + " +0 -> " + text_of(never));
  plant(v.first->left, nullptr);
  v.survive({v.first, v.second});
  REQUIRE(v.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  plant(v.first->left, dead);
  v.expect("a reference leads to a freed object", "root: test -> " + node_at(v.first) + " +0 -> " + text_of(dead));
}

TEST_CASE("A reference to what died in the last cycle is named before a sweep has passed") {
  Verified v;
  Node* dead = v.make<Node>();
  v.survive({v.first, v.second});
  Node* young = v.make<Node>();  // sweeps its block, and is not marked
  v.first->left = young;
  CHECK_FALSE(v.trace().has_value());
  v.survive({v.first, v.second, young});
  v.survive({v.first, v.second});
  plant(v.first->left, young);
  v.expect("a reference leads to a freed object", "root: test -> " + node_at(v.first) + " +0 -> " + text_of(young));
  static_cast<void>(dead);
}

TEST_CASE("What was loaded from a freed object is named as poison") {
  Verified v;
  Node* dead = v.make<Node>();
  v.survive({v.first, v.second});
  REQUIRE(v.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  REQUIRE(reinterpret_cast<std::uintptr_t>(dead->left.get()) == poison_word);
  plant(v.first->left, dead->left.get());
  v.expect("a reference leads to poison: it was loaded from a freed object",
           "root: test -> " + node_at(v.first) + " +0 -> 0xdbdbdbdbdbdbdbdb");
}

TEST_CASE("Elements and scan functions are followed, and are suspected as fields are") {
  Verified v;
  Type& type = v.add(EntryArray::type());
  auto* array = v.make_array<EntryArray>(type, 3);
  Tagged* tagged = v.make<Tagged>();
  v.roots.objects = {array, tagged};
  array->begin()[2].value = v.first;
  tagged->word = reinterpret_cast<std::uintptr_t>(v.first);
  CHECK_FALSE(v.trace().has_value());

  plant(v.second->left, &v);
  const std::string second = node_at(v.first) + " +8 -> " + node_at(v.second) + " +0 -> " + text_of(&v);
  v.roots.objects = {array};
  v.expect("a reference leads to an address outside of this Runtime's heap",
           "root: test -> EntryArray@" + text_of(array) + " +80 -> " + second);
  v.roots.objects = {tagged};  // reported by its target: no offset
  v.expect("a reference leads to an address outside of this Runtime's heap",
           "root: test -> midden::collector_tests::Tagged@" + text_of(tagged) + " -> " + second);
}

TEST_CASE("An object that counts more elements than its slot holds is named") {
  Verified v;
  Type& type = v.add(RefArray::type());
  auto* array = v.make_array<RefArray>(type, 7);
  v.roots.objects = {array};
  array->used = 7;
  CHECK_FALSE(v.trace().has_value());
  array->used = 8;
  v.expect("an object counts more elements than it has room for", "root: test -> RefArray@" + text_of(array));
  array->used = ~std::size_t{0};
  v.expect("an object counts more elements than it has room for", "root: test -> RefArray@" + text_of(array));
}

TEST_CASE("A long path is cut at its beginning") {
  Verified v;
  Node* node = v.second;
  for (int i = 0; i < 200; ++i) {
    Node* next = v.make<Node>();
    node->left = next;
    node = next;
  }
  plant(node->left, &v);
  const Checked found = v.trace();
  REQUIRE(found.has_value());
  CHECK(found->structure.rfind("... ", 0) == 0);
  const std::string end = node_at(node) + " +0 -> " + text_of(&v);
  CHECK(found->structure.substr(found->structure.size() - end.size()) == end);
}

TEST_CASE("The two markers agree, and each mark too few or too many is found with its path") {
  Verified v;
  Node* garbage = v.make<Node>();
  REQUIRE_FALSE(v.trace().has_value());
  v.mark({v.first});
  CHECK_FALSE(v.compare().has_value());

  v.heap.address_space().metadata(v.second).clear(colour_mask);
  const Checked missed = v.compare();
  REQUIRE(missed.has_value());
  CHECK(missed->what == "marking missed an object that is reachable");
  CHECK(missed->structure == "root: test -> " + node_at(v.first) + " +8 -> " + node_at(v.second));

  v.heap.address_space().metadata(v.second).mark(v.heap.live_colour());
  v.heap.address_space().metadata(garbage).mark(v.heap.live_colour());
  const Checked extra = v.compare();
  REQUIRE(extra.has_value());
  CHECK(extra->what == "marking marked an object that is not reachable");
  CHECK(extra->structure == node_at(garbage));
}

TEST_CASE("A checked cycle stops at the first fault, and lets the world run on") {
  FullCycle full(true);
  auto* node = new (static_cast<void*>(full.root(full.make(full.heap.types().find(type_info<Node>()))))) Node();
  CHECK(full.collect().objects_marked == 1);
  plant(node->left, &full);
  CHECK_THROWS_AS(full.collect(), Finding);
  CHECK_FALSE(full.world.stopped());
  plant(node->left, nullptr);
  CHECK(full.collect().objects_marked == 1);
}

}  // namespace
}  // namespace midden::collector_tests
