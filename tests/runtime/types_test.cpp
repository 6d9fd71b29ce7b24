// How C++ types say what they refer to, seen from what stays alive.

#include <midden/describe.hpp>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Array;
using midden::AtomicRef;
using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

Root<Number> number(std::int64_t value) {
  Root<Number> made = midden::make<Number>();
  made->value = value;
  return made;
}

struct Inner {
  std::int32_t tag = 0;
  Ref<Number> number;
  static constexpr auto midden_refs = midden::refs<Inner>(&Inner::number);
};

struct Outer {
  char before = 'b';
  Ref<Number> plain[3];
  std::array<AtomicRef<Number>, 2> shared;
  Inner inner;
  Inner grid[2][2];
  std::array<std::array<Inner, 2>, 1> table;
  Ref<Number> unlisted_by_nobody;
  static constexpr auto midden_refs = midden::refs<Outer>(&Outer::plain, &Outer::shared, &Outer::inner, &Outer::grid,
                                                          &Outer::table, &Outer::unlisted_by_nobody);
};

struct First {
  std::int64_t padding = 0;
  Ref<Number> number;
  static constexpr auto midden_refs = midden::refs<First>(&First::number);
};
struct Second {
  Ref<Number> number;
  Ref<Number> another;
  static constexpr auto midden_refs = midden::refs<Second>(&Second::number, &Second::another);
};
struct Both : First, Second {
  Ref<Number> own;
  static constexpr auto midden_refs = midden::refs<Both>(midden::base<First>, midden::base<Second>, &Both::own);
};
struct Deeper : Both {
  static constexpr auto midden_refs = midden::refs<Deeper>(midden::base<Both>);
};
// Names the members of its base instead of the base.
struct Sideways : Second {
  static constexpr auto midden_refs = midden::refs<Sideways>(&Sideways::number, &Sideways::another);
};

struct Virtual {
  virtual std::int64_t answer() const { return 1; }
  Ref<Number> number;
  static constexpr auto midden_refs = midden::refs<Virtual>(&Virtual::number);

 protected:
  ~Virtual() = default;
};
struct Override final : Virtual {
  std::int64_t answer() const override { return number->value; }
  static constexpr auto midden_refs = midden::refs<Override>(midden::base<Virtual>);
};

template <std::size_t alignment>
struct alignas(alignment) Aligned {
  Ref<Number> number;
  static constexpr auto midden_refs = midden::refs<Aligned>(&Aligned::number);
};

struct Irregular {
  std::uintptr_t words[4];
  static void midden_trace(const Irregular& self, midden::Tracer& tracer) {
    for (const std::uintptr_t word : self.words) tracer.object(reinterpret_cast<const void*>(word));
  }
};

struct Beside {
  std::uintptr_t word;
  static constexpr bool midden_trace_beside_mutators = true;
  static void midden_trace(const Beside& self, midden::Tracer& tracer) {
    tracer.object(reinterpret_cast<const void*>(self.word));
  }
};
struct NotBeside {
  std::uintptr_t word;
  static constexpr bool midden_trace_beside_mutators = false;
  static void midden_trace(const NotBeside& self, midden::Tracer& tracer) {
    tracer.object(reinterpret_cast<const void*>(self.word));
  }
};

// Each says more than its base.
struct LeafAndList : Number {
  Ref<Number> own;
  static constexpr auto midden_refs = midden::refs<LeafAndList>(&LeafAndList::own);
};
struct ListAndTrace : Second {
  Ref<Number> own;
  static void midden_trace(const ListAndTrace& self, midden::Tracer& tracer) {
    tracer.edge(self.number);
    tracer.edge(self.own);
  }
};
struct TraceAndList : Irregular {
  Ref<Number> own;
  static constexpr auto midden_refs = midden::refs<TraceAndList>(&TraceAndList::own);
};

struct Fixed {
  explicit Fixed(std::int64_t first) : one(number(first)), two{number(first + 1), number(first + 2)} {}
  const Ref<Number> one;
  const std::array<const Ref<Number>, 2> two;
  static constexpr auto midden_refs = midden::refs<Fixed>(&Fixed::one, &Fixed::two);
};

struct Huge {
  Ref<Number> first;
  std::byte middle[400 * 1024];
  Ref<Number> last;
  static constexpr auto midden_refs = midden::refs<Huge>(&Huge::first, &Huge::last);
};

}  // namespace

TEST_CASE("Every reference of arrays and nested structs is scanned") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Outer> outer = midden::make<Outer>();
  CHECK(midden::type_info<Outer>().refs.size() == 3 + 2 + 1 + 4 + 2 + 1);
  std::vector<Ref<Number>*> refs{&outer->plain[0], &outer->plain[1], &outer->plain[2], &outer->inner.number,
                                 &outer->unlisted_by_nobody};
  for (auto& row : outer->grid) {
    for (Inner& inner : row) refs.push_back(&inner.number);
  }
  for (Inner& inner : outer->table[0]) refs.push_back(&inner.number);
  for (std::size_t i = 0; i < refs.size(); ++i) *refs[i] = number(static_cast<std::int64_t>(i));
  outer->shared[0].store(number(100).get());
  outer->shared[1].store(number(101).get());
  CHECK(live_objects(runtime) == 1 + refs.size() + 2);
  for (std::size_t i = 0; i < refs.size(); ++i) CHECK((*refs[i])->value == static_cast<std::int64_t>(i));
  CHECK(outer->shared[1].get()->value == 101);
  CHECK(outer->before == 'b');
  CHECK(midden::type_info<Outer>().name.find("Outer") != std::string_view::npos);
}

TEST_CASE("Bases that are listed are scanned, at whatever place they lie") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Deeper> object = midden::make<Deeper>();
  object->First::number = number(1);
  object->Second::number = number(2);
  object->another = number(3);
  object->own = number(4);
  CHECK(live_objects(runtime) == 5);
  CHECK(object->another->value == 3);
  const Root<Sideways> sideways = midden::make<Sideways>();
  sideways->another = number(5);
  CHECK(live_objects(runtime) == 7);
}

TEST_CASE("A class with virtual functions can live in the heap") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Override> object = midden::make<Override>();
  object->number = number(42);
  const Root<Virtual> base = object;
  CHECK(live_objects(runtime) == 2);
  CHECK(base->answer() == 42);
}

TEMPLATE_TEST_CASE("Objects and their arrays are aligned as their type asks", "", Aligned<16>, Aligned<32>, Aligned<64>,
                   Aligned<256>, Aligned<1024>, Aligned<4096>) {
  Runtime runtime(checking());
  Attach here(runtime);
  std::vector<Root<TestType>> objects;
  for (std::int64_t i = 0; i < 40; ++i) {
    objects.push_back(midden::make<TestType>());
    objects.back()->number = number(i);
    REQUIRE(reinterpret_cast<std::uintptr_t>(objects.back().get()) % alignof(TestType) == 0);
  }
  CHECK(live_objects(runtime) == 80);
  for (const std::size_t length : {1U, 2U, 9U, 70U}) {
    const Root<Array<TestType>> array = midden::make_array<TestType>(length);
    REQUIRE(reinterpret_cast<std::uintptr_t>(array->data()) % alignof(TestType) == 0);
    (*array)[0].number = number(1);
    (*array)[length - 1].number = number(2);
    CHECK(live_objects(runtime) == 80 + 1 + std::min<std::size_t>(length, 2));
  }
  for (std::size_t i = 0; i < objects.size(); ++i) CHECK(objects[i]->number->value == static_cast<std::int64_t>(i));
}

TEST_CASE("An irregular type scans itself") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Irregular> object = midden::make<Irregular>();
  object->words[0] = reinterpret_cast<std::uintptr_t>(number(1).get());
  object->words[3] = reinterpret_cast<std::uintptr_t>(number(2).get());
  CHECK(live_objects(runtime) == 3);
  object->words[3] = 0;
  CHECK(live_objects(runtime) == 2);
}

TEST_CASE("An object above the largest slot is scanned as any other") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Huge> huge = midden::make<Huge>();
  huge->first = number(1);
  huge->last = number(2);
  for (const std::byte b : huge->middle) REQUIRE(b == std::byte{0});
  CHECK(live_objects(runtime) == 3);
  CHECK(huge->last->value == 2);
  huge = nullptr;
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("Arrays of described structs are scanned element by element") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Array<Inner>> array = midden::make_array<Inner>(1000);
  for (std::size_t i = 0; i < array->size(); i += 10) (*array)[i].number = number(static_cast<std::int64_t>(i));
  CHECK(live_objects(runtime) == 101);
  for (std::size_t i = 0; i < array->size(); i += 10)
    REQUIRE((*array)[i].number->value == static_cast<std::int64_t>(i));
}

TEST_CASE("A scan function says whether it may run beside mutators") {
  CHECK_FALSE(midden::type_info<Irregular>().scan_beside_mutators);
  CHECK(midden::type_info<Beside>().scan_beside_mutators);
  CHECK_FALSE(midden::type_info<NotBeside>().scan_beside_mutators);
  CHECK_FALSE(midden::type_info<Number>().scan_beside_mutators);
}

TEST_CASE("What a class says itself counts, and not what its base says") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<LeafAndList> first = midden::make<LeafAndList>();
  first->own = number(1);
  const Root<ListAndTrace> second = midden::make<ListAndTrace>();
  second->number = number(2);
  second->own = number(3);
  const Root<TraceAndList> third = midden::make<TraceAndList>();
  third->own = number(5);
  const Root<Array<TraceAndList>> array = midden::make_array<TraceAndList>(2);
  (*array)[1].own = number(7);
  CHECK(live_objects(runtime) == 4 + 5);
  CHECK(first->own->value == 1);
  CHECK(second->number->value == 2);
  CHECK(second->own->value == 3);
  CHECK(third->own->value == 5);
  CHECK((*array)[1].own->value == 7);
  CHECK(midden::type_info<ListAndTrace>().scan != nullptr);
  CHECK(midden::type_info<ListAndTrace>().refs.empty());
  CHECK(midden::type_info<TraceAndList>().scan == nullptr);
  CHECK(midden::type_info<TraceAndList>().refs.size() == 1);
}

TEST_CASE("References that are const are scanned") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Fixed> fixed = midden::make<Fixed>(7);
  CHECK(midden::type_info<Fixed>().refs.size() == 3);
  CHECK(live_objects(runtime) == 4);
  CHECK(fixed->one->value == 7);
  CHECK(fixed->two[1]->value == 9);
}
