#include "collector/check/suspects.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/collector/full_cycle.hpp"
#include "tests/collector/shapes.hpp"

namespace midden::collector_tests {
namespace {

// Two pieces that marking does not look into: five words, and bytes that begin anywhere.
struct Box {
  Ref<Node> seen;
  std::uint64_t words[5];
  char bytes[24];

  static void midden_inspect(const Box& self, Inspector& inspector) {
    ++inspected;
    inspector.look(std::as_bytes(std::span(self.words)), [] { return std::string("the words"); });
    inspector.look(std::as_bytes(std::span(self.bytes)).subspan(3), [] { return std::string("the bytes"); });
  }
  static constexpr auto midden_refs = refs<Box>(&Box::seen);

  static inline int inspected = 0;
};

std::uint64_t word_of(const void* object) { return reinterpret_cast<std::uintptr_t>(object); }

// A checked heap with a box and a node, both rooted, and what is said of suspects.
struct Inspected : FullCycle {
  Inspected() : FullCycle(true, {.suspect = [this](const std::string& line) { note(line); }}) {
    box = root(make_one<Box>());
    node = root(make_one<Node>());
    Box::inspected = 0;
  }

  template <class T>
  T* make_one() {
    return new (static_cast<void*>(make(heap.types().find(type_info<T>())))) T();
  }
  void note(const std::string& line) {
    CHECK_FALSE(world.stopped());
    lines.push_back(line);
  }
  // What a cycle says.
  std::vector<std::string> said() {
    lines.clear();
    collect();
    return std::exchange(lines, {});
  }
  template <class T>
  static std::string name_of(const T* object) {
    char text[32];
    std::snprintf(text, sizeof text, "@%p", static_cast<const void*>(object));
    return std::string(type_info<T>().name) + text;
  }
  std::string suspicion(const std::string& piece, const Node* target) const {
    return name_of(box) + ": " + piece + " looks like a reference to " + name_of(target);
  }

  Box* box;
  Node* node;
  std::vector<std::string> lines;
};

TEST_CASE("A word that looks like a reference is told with its piece, its offset and the object") {
  Inspected i;
  CHECK(i.said().empty());
  i.box->words[0] = word_of(i.node);
  i.box->words[3] = word_of(i.node);
  CHECK(i.said() ==
        std::vector<std::string>{i.suspicion("the words +0", i.node), i.suspicion("the words +24", i.node)});
  CHECK(Box::inspected == 2);
}

TEST_CASE("Words are counted from the begin of their piece, wherever that lies, and whole ones only") {
  Inspected i;
  const std::uint64_t word = word_of(i.node);
  std::memcpy(i.box->bytes + 3 + 8, &word, sizeof word);
  CHECK(i.said() == std::vector<std::string>{i.suspicion("the bytes +8", i.node)});
  std::memset(i.box->bytes, 0, sizeof i.box->bytes);
  std::memcpy(i.box->bytes + 16, &word, sizeof word);  // 13 from the begin
  CHECK(i.said().empty());
}

TEST_CASE("What is no address of an object is no suspect") {
  Inspected i;
  const std::uint64_t word = word_of(i.node);
  for (const std::uint64_t near : {word + 1, word - 1, word + 8, ~word, word ^ (std::uint64_t{1} << 63)}) {
    i.box->words[0] = near;
    CHECK(i.said().empty());
  }
  i.box->words[0] = word_of(i.node + 1);  // a slot that was not handed out
  i.box->words[1] = word_of(&i);          // no address of this heap
  i.box->seen = i.node;                   // shown to marking
  CHECK(i.said().empty());
}

TEST_CASE("An object that only the suspect leads to is told, once, as it dies") {
  Inspected i;
  Node* const lonely = i.make_one<Node>();
  i.box->words[1] = word_of(lonely);
  CHECK(i.said() == std::vector<std::string>{i.suspicion("the words +8", lonely) + ", which nothing else keeps alive"});
  for (int cycle = 0; cycle < 4; ++cycle) CHECK(i.said().empty());
}

TEST_CASE("One that has lived for cycles is told as it dies, too") {
  Inspected i;
  Node* const lonely = i.root(i.make_one<Node>());
  for (int cycle = 0; cycle < 4; ++cycle) CHECK(i.said().empty());
  i.box->words[1] = word_of(lonely);
  CHECK(i.said() == std::vector<std::string>{i.suspicion("the words +8", lonely)});
  std::erase(i.roots.objects, lonely);
  CHECK(i.said().at(0) == i.suspicion("the words +8", lonely) + ", which nothing else keeps alive");
  CHECK(i.said().empty());
}

TEST_CASE("The first suspects are told, the rest are counted") {
  Inspected i;
  for (int boxes = 0; boxes < 4; ++boxes) {
    Box* const more = i.root(i.make_one<Box>());
    for (std::uint64_t& word : more->words) word = word_of(i.node);
  }
  const std::vector<std::string> lines = i.said();
  REQUIRE(lines.size() == Suspects::most_told + 1);
  CHECK(lines.back() == "and 12 more suspects");
}

TEST_CASE("A dead object is not inspected, and in a heap that is not checked none is") {
  Inspected i;
  std::erase(i.roots.objects, i.box);
  CHECK(i.said().empty());
  CHECK(Box::inspected == 0);

  FullCycle unchecked(false, {.suspect = [](const std::string& line) { FAIL(line); }});
  Box* const box = new (static_cast<void*>(unchecked.make(unchecked.heap.types().find(type_info<Box>())))) Box();
  unchecked.root(box)->words[0] = word_of(box);
  unchecked.collect();
  CHECK(Box::inspected == 0);
}

TEST_CASE("A type made at run time may be inspected, in a block of its own or a shared one") {
  for (const std::size_t bytes : {std::size_t{64}, std::size_t{300'000}}) {
    Inspected i;
    Type& type = i.add({.name = "raw", .size = bytes, .inspect = [](Inspector& inspector, const void* object) {
                          inspector.look({static_cast<const std::byte*>(object), 16}, [] { return std::string("it"); });
                        }});
    std::byte* const raw = i.root(i.make(type));
    const std::uint64_t word = word_of(i.node);
    std::memcpy(raw + 8, &word, sizeof word);
    const std::vector<std::string> lines = i.said();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find(": it +8 looks like a reference to ") != std::string::npos);
  }
}

}  // namespace
}  // namespace midden::collector_tests
