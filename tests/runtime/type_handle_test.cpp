// Types made at run time: what is refused, objects with elements, scan functions, retiring.

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/core.hpp"
#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;
using midden::TypeHandle;
using midden::TypeInfo;

namespace {

// What add_type says of the description, or nothing.
std::string refusal_of(const TypeInfo& type) {
  Runtime runtime(quiet());
  try {
    runtime.add_type(type);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

void set_word(const Root<void>& object, std::size_t offset, const void* target) {
  auto* ref = reinterpret_cast<midden::Ref<void>*>(static_cast<std::byte*>(object.get()) + offset);
  *ref = const_cast<void*>(target);
}

}  // namespace

TEST_CASE("A description that cannot be is refused by name and reason") {
  const std::uint32_t refs[] = {0, 8, 16};
  const std::uint32_t odd[] = {4};
  const std::uint32_t none[] = {0};
  struct Case {
    TypeInfo type;
    const char* reason;
  };
  const std::vector<Case> cases{
      {{.name = "", .size = 8}, "has no name"},
      {{.name = "Odd", .size = 0}, "has no size"},
      {{.name = "Odd", .size = std::size_t{1} << 41}, "is larger than 1 TiB"},
      {{.name = "Odd", .size = 8, .alignment = 0}, "alignment 0"},
      {{.name = "Odd", .size = 8, .alignment = 24}, "alignment 24"},
      {{.name = "Odd", .size = 8, .alignment = 8192}, "alignment 8192"},
      {{.name = "Odd", .size = 16, .refs = refs}, "outside of its fixed part"},
      {{.name = "Odd", .size = 16, .refs = odd}, "not on a multiple of 8"},
      {{.name = "Odd", .size = 8, .element_size = 16, .element_refs = refs}, "outside of its elements"},
      {{.name = "Odd", .size = 8, .element_size = 0, .element_refs = none}, "outside of its elements"},
      {{.name = "Odd", .size = 8, .element_size = 12, .element_refs = none}, "not a multiple of 8"},
      {{.name = "Odd", .size = 12, .element_size = 8, .element_refs = none}, "begin on a multiple of 8"},
      {{.name = "Odd", .size = 8, .element_size = 8, .element_refs = none, .used_offset = 8}, "the count"},
      {{.name = "Odd", .size = 16, .element_size = 8, .element_refs = none, .used_offset = 4}, "the count"},
  };
  for (const Case& wrong : cases) {
    const std::string said = refusal_of(wrong.type);
    CAPTURE(said);
    CAPTURE(wrong.reason);
    CHECK(has(said, wrong.reason));
    CHECK(has(said, std::string("'").append(wrong.type.name).append("'").c_str()));
  }
  CHECK(refusal_of({.name = "Even", .size = 24, .refs = refs}).empty());
}

TEST_CASE("A type made at run time is copied, so its description may go") {
  Runtime runtime(checking());
  Attach here(runtime);
  TypeHandle type;
  CHECK_FALSE(type);
  {
    std::string name = "Triple";
    std::vector<std::uint32_t> refs{0, 16};
    type = runtime.add_type({.name = name, .size = 24, .refs = refs});
    std::string().swap(name);
    refs.assign({1, 2, 3});
  }
  CHECK(type);
  const Root<void> object = midden::make_object(type);
  for (std::size_t i = 0; i < 24; ++i) CHECK(static_cast<const char*>(object.get())[i] == 0);
  set_word(object, 0, midden::make<Number>().get());
  set_word(object, 16, midden::make_object(here, type).get());
  CHECK(live_objects(runtime) == 3);
  CHECK(runtime.core().heap().type_of(object.get()).info().name == "Triple");
}

TEST_CASE("Objects with elements are scanned as far as their count says") {
  Runtime runtime(checking());
  Attach here(runtime);
  const std::uint32_t fixed[] = {8};
  const std::uint32_t element[] = {0, 16};
  const TypeHandle type = runtime.add_type(
      {.name = "Table", .size = 16, .refs = fixed, .element_size = 24, .element_refs = element, .used_offset = 0});
  const std::size_t elements = GENERATE(std::size_t{1}, std::size_t{10}, std::size_t{3000}, std::size_t{50000});
  CAPTURE(elements);
  const Root<void> table = midden::make_object(type, elements);
  std::size_t used = 0;
  set_word(table, 8, midden::make<Number>().get());
  for (std::size_t i = 0; i < elements; i += 7) {
    set_word(table, 16 + i * 24, midden::make<Number>().get());
    set_word(table, 16 + i * 24 + 16, midden::make<Number>().get());
    used = i + 1;
    std::memcpy(table.get(), &used, sizeof used);
  }
  CHECK(live_objects(runtime) == 2 + 2 * ((elements + 6) / 7));
  used = 1;
  std::memcpy(table.get(), &used, sizeof used);
  CHECK(live_objects(runtime) == 4);
}

TEST_CASE("A scan function reports elements in any of the three ways") {
  Runtime runtime(checking());
  Attach here(runtime);
  // A word with its lowest bit set is a small integer.
  const auto scan = [](midden::Tracer& tracer, const void* object) {
    const auto* words = static_cast<const std::uintptr_t*>(object);
    for (std::size_t i = 0; i < words[0]; ++i) {
      if ((words[i + 1] & 1) == 0) tracer.object(reinterpret_cast<const void*>(words[i + 1]));
    }
  };
  const TypeHandle type = runtime.add_type({.name = "Tuple", .size = 8, .element_size = 8, .scan = scan});
  const Root<void> tuple = midden::make_object(type, 5);
  auto* words = static_cast<std::uintptr_t*>(tuple.get());
  words[0] = 5;
  words[1] = reinterpret_cast<std::uintptr_t>(midden::make<Number>().get());
  words[3] = 2 * 1234 + 1;
  words[5] = reinterpret_cast<std::uintptr_t>(midden::make<Number>().get());
  CHECK(live_objects(runtime) == 3);
}

TEST_CASE("Objects of a type without elements take no elements") {
  Runtime runtime(checking());
  Attach here(runtime);
  const TypeHandle type = runtime.add_type({.name = "Plain", .size = 32});
  const Root<void> object = midden::make_object(type, 1000);
  CHECK(live_objects(runtime) == 1);
  CHECK(runtime.last_cycle().live_bytes == 32);
}

TEST_CASE("A retired type is forgotten when its last object has died, and not before") {
  Runtime runtime(checking());
  Attach here(runtime);
  const std::size_t bytes = GENERATE(std::size_t{16}, std::size_t{5000}, std::size_t{300000});
  const std::size_t count = GENERATE(std::size_t{1}, std::size_t{30});
  CAPTURE(bytes);
  CAPTURE(count);
  {
    const auto types = [&] { return runtime.core().heap().types().all().size(); };
    const std::size_t before = types();
    const std::uint32_t refs[] = {0};
    TypeHandle type = runtime.add_type({.name = "Passing", .size = bytes, .refs = refs});
    std::vector<Root<void>> objects;
    for (std::size_t i = 0; i < count; ++i) objects.push_back(midden::make_object(type));
    runtime.retire_type(type);
    CHECK(live_objects(runtime) == count);
    CHECK(types() == before + 1);
    objects.resize(1);
    CHECK(live_objects(runtime) == 1);
    CHECK(types() == before + 1);
    objects.clear();
    CHECK(live_objects(runtime) == 0);
    CHECK(types() == before);
  }
  // Its number and its memory serve others.
  finish_sweep(runtime);
  const TypeHandle next = runtime.add_type({.name = "Next", .size = bytes});
  std::vector<Root<void>> objects;
  for (std::size_t i = 0; i < count; ++i) objects.push_back(midden::make_object(next));
  CHECK(live_objects(runtime) == count);
  CHECK(runtime.core().heap().type_of(objects[0].get()).info().name == "Next");
}

TEST_CASE("Types may come and go without end") {
  Runtime runtime(checking());
  Attach here(runtime);
  for (int round = 0; round < 60; ++round) {
    std::vector<TypeHandle> types;
    std::vector<Root<void>> objects;
    const std::size_t bytes = 16 + static_cast<std::size_t>(round % 5) * 700;
    for (int i = 0; i < 20; ++i) {
      types.push_back(runtime.add_type({.name = std::string("T").append(std::to_string(round)), .size = bytes}));
      for (int k = 0; k < 5; ++k) objects.push_back(midden::make_object(types.back()));
    }
    objects.resize(10);
    for (const TypeHandle type : types) runtime.retire_type(type);
    CHECK(live_objects(runtime) == 10);
    CHECK(runtime.core().heap().types().all().size() <= 23);
  }
}

TEST_CASE("An unused type can be retired at once, also from a thread that is not attached") {
  Runtime runtime(checking());
  const std::size_t before = runtime.core().heap().types().all().size();
  for (int i = 0; i < 10; ++i) runtime.retire_type(runtime.add_type({.name = "Unused", .size = 8}));
  runtime.collect();
  CHECK(runtime.core().heap().types().all().size() == before);
}

TEST_CASE("A handle that is empty, foreign or retired is refused") {
  std::optional<Runtime> ended(std::in_place, quiet("ended"));
  Runtime other(checking("other"));
  Runtime runtime(checking());
  Attach here(runtime);
  const TypeHandle old = ended->add_type({.name = "Old", .size = 16});
  ended.reset();
  const TypeHandle foreign = other.add_type({.name = "Foreign", .size = 16});
  const TypeHandle retired = runtime.add_type({.name = "Retired", .size = 16});
  runtime.retire_type(retired);
  // What the retired one used may serve another.
  const TypeHandle own = runtime.add_type({.name = "Own", .size = 32});
  for (const TypeHandle wrong : {TypeHandle(), old, foreign, retired}) {
    CHECK_THROWS_AS(midden::make_object(wrong), std::invalid_argument);
    CHECK_THROWS_AS(midden::make_object(here, wrong, 3), std::invalid_argument);
    CHECK_THROWS_AS(runtime.retire_type(wrong), std::invalid_argument);
  }
  const Root<void> object = midden::make_object(own);
  CHECK(runtime.core().heap().type_of(object.get()).info().name == "Own");
  CHECK(live_objects(runtime) == 1);
  CHECK_THROWS_AS(runtime.retire_type(retired), std::invalid_argument);
  other.retire_type(foreign);
  CHECK_THROWS_AS(other.retire_type(foreign), std::invalid_argument);
  // The refusal says which it is.
  try {
    runtime.retire_type(retired);
  } catch (const std::invalid_argument& error) {
    CHECK(has(error.what(), "TypeHandle"));
    CHECK(has(error.what(), "retired"));
  }
}
