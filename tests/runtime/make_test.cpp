// Making objects: make, make_array, make_string, unsafe::make, and what a constructor may do.

#include <midden/make.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <midden/segment.hpp>

#include "runtime/core.hpp"
#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Array;
using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;
using midden::String;

namespace {

struct Huge {
  std::byte bytes[400 * 1024];
  static constexpr midden::Leaf midden_leaf{};
};

struct Point {
  double x, y;
  static constexpr midden::Leaf midden_leaf{};
};

struct Pair {
  Ref<String> first;
  Ref<String> second;
  int weight = 7;

  Pair(const Root<String>& a, Root<String>&& b, int given) : first(a), second(b), weight(given) {}
  static constexpr auto midden_refs = midden::refs<Pair>(&Pair::first, &Pair::second);
};

// Its constructor allocates, collects, and may throw at its end.
struct Busy {
  Ref<Node> early;
  Ref<Node> late;

  explicit Busy(bool fails) : early(midden::make<Node>()) {
    Runtime::current().collect();
    late = midden::make<Node>();
    if (fails) throw std::runtime_error("Busy");
  }
  static constexpr auto midden_refs = midden::refs<Busy>(&Busy::early, &Busy::late);
};

struct Counted {
  static inline int left = 0;
  Ref<Node> node;

  Counted() : node(midden::make<Node>()) {
    Runtime::current().collect();
    if (left-- == 0) throw std::runtime_error("Counted");
  }
  static constexpr auto midden_refs = midden::refs<Counted>(&Counted::node);
};

// Its constructor leaves the bytes as they are.
struct Untouched {
  Untouched() {}  // NOLINT
  unsigned char bytes[48];
  static constexpr midden::Leaf midden_leaf{};
};

template <std::size_t size>
struct Dirt {
  unsigned char bytes[size];
  static constexpr midden::Leaf midden_leaf{};
};

// Fills the heap with objects of T's size that are not zero, and lets them die.
template <class T>
void leave_dirt(Runtime& runtime) {
  for (int i = 0; i < 20000; ++i) std::memset(midden::make<Dirt<sizeof(T)>>()->bytes, 0xa5, sizeof(T));
  runtime.collect();
  finish_sweep(runtime);
}

}  // namespace

TEST_CASE("make passes its arguments on and fills aggregates") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Point> point = midden::make<Point>(1.5, 2.5);
  CHECK(point->y == 2.5);
  const Root<Point> zero = midden::make<Point>(here);
  CHECK(zero->x == 0.0);
  const Root<String> name = midden::make_string("a");
  const Root<Pair> pair = midden::make<Pair>(here, name, midden::make_string("b"), 9);
  CHECK(*pair->first == "a");
  CHECK(*pair->second == "b");
  CHECK(pair->weight == 9);
  CHECK(live_objects(runtime) == 5);
}

TEST_CASE("Nested calls of make keep what they made") {
  midden::Config config = checking();
  config.stress.alloc = 1;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Pair> pair = midden::make<Pair>(midden::make_string("first"), midden::make_string("second"), 1);
  const Root<Busy> busy = midden::make<Busy>(false);
  CHECK(*pair->first == "first");
  CHECK(*pair->second == "second");
  CHECK(live_objects(runtime) == 6);
}

TEST_CASE("Memory is zero before the constructor, also where objects have died") {
  Runtime runtime(quiet());
  Attach here(runtime);
  std::size_t dirty = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4000; ++i) {
      const Root<Untouched> made = midden::make<Untouched>();
      // Through a volatile: the compiler may think that they are indeterminate.
      const volatile unsigned char* bytes = made->bytes;
      for (std::size_t at = 0; at < sizeof(Untouched); ++at) dirty += bytes[at] != 0;
      std::memset(made->bytes, 0xff, sizeof(Untouched));
    }
    runtime.collect();
  }
  CHECK(dirty == 0);
}

TEST_CASE("A constructor that throws leaves no root behind and the heap whole") {
  Runtime runtime(checking());
  Attach here(runtime);
  leave_dirt<Busy>(runtime);
  const Root<Busy> kept = midden::make<Busy>(false);
  CHECK_THROWS_AS(midden::make<Busy>(true), std::runtime_error);
  CHECK(live_objects(runtime) == 3);
  CHECK_THROWS_AS(midden::unsafe::make<Busy>(here, true), std::runtime_error);
  CHECK(live_objects(runtime) == 3);
  const Root<Busy> again = midden::make<Busy>(false);
  CHECK(live_objects(runtime) == 6);
}

TEST_CASE("An array whose element's constructor throws leaves the heap whole") {
  Runtime runtime(checking());
  Attach here(runtime);
  leave_dirt<Counted>(runtime);
  Counted::left = 5;
  CHECK_THROWS_AS(midden::make_array<Counted>(10), std::runtime_error);
  CHECK(live_objects(runtime) == 0);
  Counted::left = 1000;
  const Root<Array<Counted>> array = midden::make_array<Counted>(10);
  CHECK(live_objects(runtime) == 11);
}

TEST_CASE("Arrays have their length, zeroes, and bounds") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Array<std::int64_t>> numbers = midden::make_array<std::int64_t>(1000);
  CHECK(numbers->size() == 1000);
  for (const std::int64_t number : *numbers) REQUIRE(number == 0);
  numbers->at(999) = 4;
  CHECK((*numbers)[999] == 4);
  CHECK(numbers->span().size() == 1000);
  CHECK_THROWS_AS(numbers->at(1000), std::out_of_range);
  const Root<Array<Ref<Node>>> none = midden::make_array<Ref<Node>>(here, 0);
  CHECK(none->size() == 0);
  CHECK(none->begin() == none->end());
  CHECK(live_objects(runtime) == 2);
}

TEST_CASE("Arrays of every size are scanned to the end") {
  Runtime runtime(checking());
  Attach here(runtime);
  const std::size_t size = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{511}, std::size_t{5000},
                                    std::size_t{32766}, std::size_t{32767}, std::size_t{100000});
  CAPTURE(size);
  const Root<Array<Ref<Node>>> array = midden::make_array<Ref<Node>>(size);
  (*array)[0] = midden::make<Node>();
  (*array)[size / 2] = midden::make<Node>();
  (*array)[size - 1] = midden::make<Node>();
  CHECK(live_objects(runtime) == 1 + std::min<std::size_t>(size, 3));
  (*array)[size - 1] = nullptr;
  CHECK(live_objects(runtime) == std::min<std::size_t>(size, 3));
}

TEST_CASE("An array that is larger than any memory is refused") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const Root<Node> kept = midden::make<Node>();
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t length : {most, most / 8, most / 8 - 1, most / 16, std::size_t{1} << 45}) {
    CAPTURE(length);
    CHECK_THROWS_AS(midden::make_array<std::int64_t>(length), midden::OutOfMemory);
    CHECK_THROWS_AS(midden::make_array<Ref<Node>>(length), std::bad_alloc);
  }
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("Strings hold any bytes and any length") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::vector<Root<String>> strings;
  std::vector<std::string> expected;
  for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 100U, 5000U, 65536U, 300000U}) {
    std::string text(length, '\0');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>(i * 31 + length);
    strings.push_back(length % 2 == 0 ? midden::make_string(text) : midden::make_string(here, text));
    expected.push_back(text);
  }
  CHECK(live_objects(runtime) == strings.size());
  for (std::size_t i = 0; i < strings.size(); ++i) {
    CHECK(strings[i]->size() == expected[i].size());
    CHECK(strings[i]->view() == expected[i]);
    CHECK(*strings[i] == std::string_view(expected[i]));
  }
  CHECK(*midden::make_string("same") == *midden::make_string("same"));
  CHECK_FALSE(*midden::make_string("same") == *midden::make_string("other"));
}

TEST_CASE("A string may be copied from a string in the heap") {
  midden::Config config = checking();
  config.stress.alloc = 1;
  Runtime runtime(config);
  Attach here(runtime);
  Root<String> text = midden::make_string("seed");
  for (int i = 0; i < 20; ++i) text = midden::make_string(text->view());
  CHECK(*text == "seed");
}

TEST_CASE("What unsafe::make returns lives once it is stored") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Node> parent = midden::make<Node>(here);
  parent->left = midden::unsafe::make<Node>(here);
  parent->right = midden::unsafe::make<Node>(here);
  midden::unsafe::make<Node>(here);
  CHECK(live_objects(runtime) == 3);
  CHECK(midden::unsafe::make<Point>(here, 1.0, 2.0)->y == 2.0);
}

TEST_CASE("An Attach other than the innermost cannot be allocated through") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach in_a(a);
  {
    Attach in_b(b);
    CHECK_THROWS_AS(midden::make<Node>(in_a), midden::NotAttached);
    CHECK_THROWS_AS(midden::make_array<int>(in_a, 3), midden::NotAttached);
    CHECK_THROWS_AS(midden::make_string(in_a, "text"), midden::NotAttached);
    CHECK_THROWS_AS(midden::unsafe::make<Node>(in_a), midden::NotAttached);
    CHECK_THROWS_AS(midden::safepoint(in_a), midden::NotAttached);
  }
  {
    const midden::Blocked blocked;
    CHECK_THROWS_AS(midden::make<Node>(in_a), midden::NotAttached);
    CHECK_THROWS_AS(midden::unsafe::make<Node>(in_a), midden::NotAttached);
  }
  CHECK(live_objects(a) == 0);
  CHECK(live_objects(b) == 0);
}

namespace {

// Makes objects of two types before the static initialisation that numbers C++ types.
struct Early {
  bool apart = true;
  std::uint64_t alive = 0;

  Early() {
    struct Keep {
      Root<Dirt<8>> small;
      Root<Dirt<304>> large;
    };
    Runtime runtime(checking());
    Attach here(runtime);
    std::vector<Keep> kept;
    for (int i = 0; i < 50; ++i) {
      kept.push_back({midden::make<Dirt<8>>(), midden::make<Dirt<304>>(here)});
      std::memset(kept.back().small->bytes, i, 8);
      std::memset(kept.back().large->bytes, 100 + i, 304);
      const Root<Array<std::uint16_t>> array = midden::make_array<std::uint16_t>(20);
      for (std::uint16_t& element : *array) apart = apart && std::exchange(element, std::uint16_t{0xffff}) == 0;
    }
    alive = live_objects(runtime);
    for (int i = 0; i < 50; ++i) {
      const Keep& keep = kept[static_cast<std::size_t>(i)];
      for (const int byte : keep.small->bytes) apart = apart && byte == i;
      for (const int byte : keep.large->bytes) apart = apart && byte == 100 + i;
    }
  }
};
[[gnu::init_priority(200)]] const Early early;

}  // namespace

TEST_CASE("Objects may be made during static initialisation, before their types have numbers") {
  CHECK(early.apart);
  CHECK(early.alive == 100);
}

TEST_CASE("A type without a number gets memory of its own and no cursor") {
  Runtime runtime(checking());
  Attach here(runtime);
  midden::detail::Mutator& self = here.mutator();
  std::byte* small = midden::detail::allocate_fixed_slow(self, 0, midden::type_info<Dirt<16>>());
  const Root<Dirt<16>> first(reinterpret_cast<Dirt<16>*>(small));
  std::byte* large = midden::detail::allocate_fixed_slow(self, 0, midden::type_info<Dirt<320>>());
  const Root<Dirt<320>> second(reinterpret_cast<Dirt<320>*>(large));
  CHECK((self.cursor_count == 0 || self.cursors[0].empty()));
  const midden::collector::Heap& heap = runtime.core().heap();
  CHECK(heap.type_of(small).info().size == 16);
  CHECK(heap.type_of(large).info().size == 320);
  CHECK(midden::detail::type_slot<Dirt<16>> != 0);
  CHECK(midden::detail::type_slot<Dirt<16>> != midden::detail::type_slot<Dirt<320>>);
}

TEST_CASE("Whole pages of a large segment can be discarded, and read as zeros then; nothing else can") {
  Runtime runtime(quiet());
  Attach here(runtime);
  constexpr std::size_t bytes = std::size_t{1} << 20;
  const Root<midden::Segment> segment = midden::make_segment(here, bytes);
  midden::commit(here, *segment, bytes);
  std::byte* const begin = segment->data();
  std::fill_n(begin, bytes, std::byte{7});
  // [begin, begin + to_page) belongs to a page that is not whole.
  const std::size_t to_page = (4096 - reinterpret_cast<std::uintptr_t>(begin) % 4096) % 4096;
  const auto sevens = [&] { return static_cast<std::size_t>(std::count(begin, begin + bytes, std::byte{7})); };
  midden::discard(runtime, begin + to_page + 1, 8000);
  midden::discard(runtime, begin + to_page + 1, 100);
  midden::discard(runtime, begin + to_page, 0);
  CHECK(sevens() == bytes);
  {
    const midden::Blocked away;
    std::thread other([&] { midden::discard(runtime, begin + to_page + 100, 3 * 4096); });
    other.join();
  }
  CHECK(sevens() == bytes - 2 * 4096);
  CHECK(begin[to_page + 4096] == std::byte{0});

  const Root<Array<char>> array = midden::make_array<char>(here, bytes);
  std::fill_n(array->data(), bytes, 'a');
  midden::discard(runtime, reinterpret_cast<std::byte*>(array->data()), bytes);
  CHECK(std::count(array->data(), array->data() + bytes, 'a') == static_cast<std::ptrdiff_t>(bytes));
}

TEST_CASE("The Attach of another thread cannot be allocated through") {
  Runtime runtime(checking());
  Attach here(runtime);
  const midden::TypeHandle type = runtime.add_type({.name = "Made", .size = 8});
  const Root<midden::Segment> segment = midden::make_segment(here, 4096);
  const bool attached = GENERATE(false, true);
  CAPTURE(attached);
  std::thread([&] {
    std::optional<Attach> there;
    if (attached) there.emplace(runtime);
    CHECK_THROWS_AS(midden::make<Huge>(here), midden::NotAttached);
    CHECK_THROWS_AS(midden::unsafe::make<Huge>(here), midden::NotAttached);
    CHECK_THROWS_AS(midden::make_array<int>(here, 3), midden::NotAttached);
    CHECK_THROWS_AS(midden::make_string(here, "text"), midden::NotAttached);
    CHECK_THROWS_AS(midden::make_object(here, type), midden::NotAttached);
    CHECK_THROWS_AS(midden::make_segment(here, 4096), midden::NotAttached);
    CHECK_THROWS_AS(midden::commit(here, *segment, 4096), midden::NotAttached);
  }).join();
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("The checked build looks at the Attach of every allocation") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const midden::detail::Mutator& self = here.mutator();
  const std::uint32_t slot = midden::detail::type_slot<Point>;
  while (slot >= self.cursor_count || self.cursors[slot].empty()) midden::make<Point>(here);
  std::thread([&] {
    // There is room behind the cursor, so other builds take it without looking.
    bool refused = false;
    try {
      midden::unsafe::make<Point>(here);
    } catch (const midden::NotAttached&) {
      refused = true;
    }
    CHECK(refused == midden::checked);
  }).join();
  CHECK(live_objects(runtime) == 0);
}
