#include <midden/slice.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

namespace {

using midden::Growth;
using midden::make_slice;
using midden::Ref;
using midden::Root;
using midden::Slice;

template <class T>
std::vector<std::int64_t> numbers_of(const Slice<T>& slice) {
  std::vector<std::int64_t> numbers;
  for (const T& element : slice) numbers.push_back(Maker<T>::number(element));
  return numbers;
}

using Numbers = std::vector<std::int64_t>;

struct Forgetful {
  Ref<Boxed> listed;
  Ref<Boxed> forgotten;
  static constexpr auto midden_refs = midden::refs<Forgetful>(&Forgetful::listed);
};

}  // namespace

TEST_CASE("A new slice is empty and has no array") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const Root<Slice<std::int64_t>> slice = make_slice<std::int64_t>();
  CHECK(slice->empty());
  CHECK(slice->size() == 0);
  CHECK(slice->capacity() == 0);
  CHECK(slice->retained_bytes() == 0);
  CHECK(slice->begin() == slice->end());
  CHECK(slice->span().empty());
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("A slice is made with a length, from a list, or from a span") {
  midden::Runtime runtime(stressed());
  midden::Attach here(runtime);
  CHECK(numbers_of(*make_slice<std::int64_t>(3)) == Numbers{0, 0, 0});
  CHECK(numbers_of(*make_slice<std::int64_t>(here, 2)) == Numbers{0, 0});
  CHECK(numbers_of(*make_slice<std::int64_t>({4, 5})) == Numbers{4, 5});
  const Numbers given{7, 8, 9};
  CHECK(numbers_of(*make_slice<std::int64_t>(std::span(given))) == given);
  CHECK(numbers_of(*make_slice<std::int64_t>(here, std::span(given))) == given);
  Batch<Pair> pairs(10, 3);
  CHECK(numbers_of(*make_slice<Pair>(std::span<const Pair>(pairs.unprotected()))) == Numbers{10, 11, 12});
}

TEST_CASE("Every form of append adds behind the last element") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>();
  const Numbers more{6, 7};
  slice->append(1);
  slice->append(here, 2);
  slice->append(2, 3);
  slice->append(here, 1, 4);
  slice->append({5});
  slice->append(more);
  slice->append(here, more);
  slice->append(*slice);
  slice->append(here, *make_slice<std::int64_t>({8}));
  slice->append(std::span<const std::int64_t>());
  slice->append(0, 9);
  CHECK(numbers_of(*slice) == Numbers{1, 2, 3, 3, 4, 5, 6, 7, 6, 7, 1, 2, 3, 3, 4, 5, 6, 7, 6, 7, 8});
  CHECK(slice->front() == 1);
  CHECK(slice->back() == 8);
}

TEST_CASE("Elements are read and written by index, reference and iterator") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1, 2, 3});
  (*slice)[0] = 10;
  slice->at(1) = 20;
  slice->back() = 30;
  CHECK(std::accumulate(slice->begin(), slice->end(), std::int64_t{0}) == 60);
  const Slice<std::int64_t>& constant = *slice;
  CHECK(constant[0] + constant.at(1) + constant.back() + constant.front() == 70);
  CHECK(constant.span().size() == 3);
  CHECK(constant.data() == slice->data());
}

TEST_CASE("What lies outside of the slice is refused, and nothing changes") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1, 2, 3});
  CHECK_THROWS_AS(slice->at(3), std::out_of_range);
  CHECK_THROWS_AS(slice->at(SIZE_MAX), std::out_of_range);
  CHECK_THROWS_AS(slice->erase(3), std::out_of_range);
  CHECK_THROWS_AS(slice->erase(SIZE_MAX), std::out_of_range);
  CHECK_THROWS_AS(slice->erase(2, 1), std::out_of_range);
  CHECK_THROWS_AS(slice->erase(1, 4), std::out_of_range);
  CHECK_THROWS_AS(slice->slice(2, 1), std::out_of_range);
  CHECK_THROWS_AS(slice->slice(0, 4), std::out_of_range);
  CHECK_THROWS_AS(slice->slice(0, 2, 1), std::out_of_range);                  // less than its length
  CHECK_THROWS_AS(slice->slice(0, 2, 3), std::out_of_range);                  // room that others stand in
  CHECK_THROWS_AS(slice->slice(1, 3, slice->capacity()), std::out_of_range);  // beyond the array
  CHECK_THROWS_AS(make_slice<std::int64_t>()->at(0), std::out_of_range);
  CHECK(numbers_of(*slice) == Numbers{1, 2, 3});
  CHECK_FALSE(slice->shared());
}

TEST_CASE("The checked build stops at an index outside of the slice") {
  const int expected = midden::checked ? SIGABRT : 0;
  const Death death = death_of([] {
    midden::Runtime runtime(quiet());
    const midden::Attach here(runtime);
    const auto slice = make_slice<std::int64_t>({1, 2, 3});
    static_cast<void>(*const_cast<volatile std::int64_t*>(&(*slice)[3]));
  });
  CHECK(death.signal == expected);
  CHECK(death.says("a Slice of 3 elements was asked for element 3") == midden::checked);
}

TEST_CASE("The checked build stops at an element whose type forgot a reference") {
  const Death death = death_of([] {
    midden::Runtime runtime(quiet());
    const midden::Attach here(runtime);
    make_slice<Forgetful>()->append(Forgetful());
  });
  CHECK(death.signal == (midden::checked ? SIGABRT : 0));
  CHECK(death.says("Forgetful has a Ref at offset 8") == midden::checked);
}

TEST_CASE("Erasing and truncating keep the order of the rest") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({0, 1, 2, 3, 4, 5, 6, 7});
  slice->erase(1, 3);
  CHECK(numbers_of(*slice) == Numbers{0, 3, 4, 5, 6, 7});
  slice->erase(0);
  slice->erase(here, 4);
  CHECK(numbers_of(*slice) == Numbers{3, 4, 5, 6});
  slice->erase(here, 2, 2);
  slice->truncate(9);
  CHECK(slice->size() == 4);
  slice->truncate(3);
  slice->pop_back();
  CHECK(numbers_of(*slice) == Numbers{3, 4});
  const std::size_t capacity = slice->capacity();
  slice->clear();
  CHECK(slice->empty());
  CHECK(slice->capacity() == capacity);
}

TEST_CASE("Resizing value-initialises or copies what it adds") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1, 2, 3, 4});
  slice->truncate(1);
  slice->resize(3);  // where 2 and 3 were
  slice->resize(here, 5, 9);
  CHECK(numbers_of(*slice) == Numbers{1, 0, 0, 9, 9});
  slice->resize(2);
  CHECK(numbers_of(*slice) == Numbers{1, 0});
  const auto references = make_slice<Ref<Boxed>>();
  references->resize(100);
  CHECK(std::count(references->begin(), references->end(), nullptr) == 100);
}

TEST_CASE("After reserve a slice grows without another array") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>();
  slice->reserve(1000);
  CHECK(slice->capacity() >= 1000);
  slice->append(1);
  const std::int64_t* first = slice->data();
  for (std::int64_t i = 1; i < 1000; ++i) slice->append(i);
  CHECK(slice->data() == first);
  CHECK(slice->growth().reallocations == 0);
  slice->reserve(here, 10);
  CHECK(slice->data() == first);
  slice->reserve(5000);
  CHECK(slice->size() == 1000);
  CHECK(slice->back() == 999);
  CHECK(slice->growth().reallocations == 1);
}

TEST_CASE("An element of the slice itself can be appended while it moves to another array") {
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  const auto slice = make_slice<Pair>();
  slice->append(Maker<Pair>::make(5));
  while (slice->growth().reallocations < 4) slice->append(slice->front());
  slice->append(50, slice->back());
  slice->append(std::span<const Pair>(slice->data(), slice->size()));
  slice->append(*slice);
  CHECK(numbers_of(*slice) == Numbers(slice->size(), 5));
  CHECK(slice->growth().reallocations > 6);
}

TEMPLATE_TEST_CASE("What an appended element refers to survives the append", "", Ref<Boxed>, Pair, Tagged, Page) {
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  const auto slice = make_slice<TestType>(0, Growth::exact);
  for (std::int64_t i = 0; i < 6; ++i) slice->append(Maker<TestType>::make(i));
  Batch<TestType> batch(6, 5);
  slice->append(batch.unprotected());
  slice->append(3, Maker<TestType>::make(11));
  slice->resize(slice->size() + 2, Maker<TestType>::make(11));
  CHECK(numbers_of(*slice) == Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 11, 11, 11});
}

TEMPLATE_TEST_CASE("Targets live exactly as long as they are among the elements", "", Ref<Boxed>, Pair, Tagged, Page) {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<TestType>();
  const auto alive = [&](std::size_t elements) { return 2 + elements * Maker<TestType>::objects; };
  for (std::int64_t i = 0; i < 100; ++i) slice->append(Maker<TestType>::make(i));
  CHECK(live_objects(runtime) == alive(100));
  slice->pop_back();
  CHECK(live_objects(runtime) == alive(99));
  slice->erase(10, 20);
  CHECK(live_objects(runtime) == alive(89));
  slice->erase(0);
  CHECK(live_objects(runtime) == alive(88));
  slice->truncate(50);
  CHECK(live_objects(runtime) == alive(50));
  slice->resize(7);
  CHECK(live_objects(runtime) == alive(7));
  slice->append(*slice);  // the same targets
  CHECK(live_objects(runtime) == alive(7));
  slice->clear();
  CHECK(live_objects(runtime) == alive(0));
}

TEST_CASE("What leaves a slice is stored null in its array") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto pairs = make_slice<Pair>();
  const auto references = make_slice<Ref<Boxed>>();
  for (std::int64_t i = 0; i < 10; ++i) {
    pairs->append(Maker<Pair>::make(i));
    references->append(pairs->back().first);
  }
  const Pair* pair = pairs->data();
  const Ref<Boxed>* reference = references->data();
  pairs->erase(0, 2);
  pairs->truncate(5);
  references->erase(0, 2);
  references->truncate(5);
  for (std::size_t i = 5; i < 10; ++i) {
    CAPTURE(i);
    CHECK(pair[i].first == nullptr);
    CHECK(pair[i].second == nullptr);
    CHECK(reference[i] == nullptr);
  }
}

TEMPLATE_TEST_CASE("The store barrier sees what leaves a slice", "", Ref<Boxed>, Pair, Tagged) {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<TestType>();
  for (std::int64_t i = 0; i < 10; ++i) slice->append(Maker<TestType>::make(i));
  std::set<void*> left;
  midden::detail::for_each_target(slice->data(), 2, [&](void* target) { left.insert(target); });
  midden::detail::for_each_target(slice->data() + 7, 3, [&](void* target) { left.insert(target); });
  midden::detail::BarrierLog& log = *midden::detail::barrier_log;
  log.active = midden::store_barrier_built;
  slice->erase(0, 2);
  slice->truncate(5);
  log.active = false;
  const std::set<void*> logged(log.overwritten.begin(), log.overwritten.end());
  log.overwritten.clear();
  CHECK(std::includes(logged.begin(), logged.end(), left.begin(), left.end()) == midden::store_barrier_built);
}

TEST_CASE("An operation keeps its slice alive by itself") {
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  const auto alone = [](auto&& operation) {
    // Nothing else names it, and every allocation collects.
    Slice<Ref<Boxed>>* slice = make_slice<Ref<Boxed>>().get();
    operation(*slice);
    return slice->size();
  };
  using References = Slice<Ref<Boxed>>;
  CHECK(alone([](References& slice) { slice.append(Ref<Boxed>()); }) == 1);
  CHECK(alone([](References& slice) { slice.append(70, Ref<Boxed>()); }) == 70);
  CHECK(alone([](References& slice) { slice.resize(7); }) == 7);
  CHECK(alone([](References& slice) { slice.reserve(7); }) == 0);
  CHECK(alone([](References& slice) {
          slice.resize(20);
          slice.append(slice);
          slice.span();
          slice.erase(0);
        }) == 39);
  CHECK(alone([](References& slice) {
          slice.reserve(100);
          slice.resize(2);
          slice.clip();
        }) == 2);
  CHECK(alone([](References& slice) {
          slice.resize(3);
          const auto part = slice.slice(1, 3);
          REQUIRE(part->size() == 2);
        }) == 3);
}

TEST_CASE("A large array that nobody shares grows where it is, and one that is shared does not") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto slice = midden::make_slice<std::int64_t>();
  constexpr std::int64_t count = 3'000'000;
  for (std::int64_t i = 0; i < count; ++i) slice->append(here, i);
  CHECK(slice->growth().reallocations < 20);
  CHECK(slice->growth().bytes_copied < std::uint64_t{2} << 20);  // of the small arrays only
  bool right = true;
  for (std::int64_t i = 0; i < count; ++i) right = right && (*slice)[static_cast<std::size_t>(i)] == i;
  CHECK(right);

  const std::span<std::int64_t> view = slice->span();
  slice->reserve(2 * slice->capacity());
  CHECK(slice->data() != view.data());
  CHECK(view[count - 1] == count - 1);
  CHECK(slice->growth().bytes_copied > std::uint64_t{count} * 8);
}

TEST_CASE("Large arrays of references that grow in place beside others are scanned whole") {
  midden::Runtime runtime(verified());
  midden::Attach here(runtime);
  std::vector<Root<Slice<Ref<Boxed>>>> slices;
  for (int i = 0; i < 3; ++i) slices.push_back(midden::make_slice<Ref<Boxed>>());
  const Root<Boxed> shared = midden::make<Boxed>();
  for (std::size_t i = 0; i < 200'000; ++i) {
    Slice<Ref<Boxed>>& slice = *slices[i % 7 % 3];
    slice.append(here, i % 1000 == 0 ? Ref<Boxed>(midden::make<Boxed>()) : Ref<Boxed>(shared));
    if (i % 60'000 == 59'999) runtime.collect();
  }
  runtime.collect();
  CHECK(runtime.last_cycle().objects_marked == 200 + 1 + 3 + 3);
  slices.erase(slices.begin() + 1);
  runtime.collect();
  CHECK(runtime.last_cycle().objects_marked < 200 + 1 + 2 + 2);
}

TEMPLATE_TEST_CASE("Arrays beyond 256 KiB are kept and scanned whole", "", std::int64_t, Ref<Boxed>, Wide, Counted) {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  constexpr std::size_t count = 100'000;
  const auto slice = make_slice<TestType>();
  for (std::size_t i = 0; i < count; ++i) slice->append(Maker<TestType>::make(static_cast<std::int64_t>(i)));
  CHECK(slice->retained_bytes() > 256 * 1024);
  CHECK(live_objects(runtime) == 2 + count * Maker<TestType>::objects);
  slice->erase(1, count / 2);
  Numbers expected(slice->size());
  std::iota(expected.begin() + 1, expected.end(), static_cast<std::int64_t>(count / 2));
  CHECK((numbers_of(*slice) == expected));
  CHECK(live_objects(runtime) == 2 + slice->size() * Maker<TestType>::objects);
}

TEST_CASE("Growing is counted") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  constexpr std::int64_t count = 30'000;  // an array that is not large, and does not grow in place
  const auto grown = [](Growth growth, bool reserve) {
    const auto slice = make_slice<std::int64_t>(0, growth);
    if (reserve) slice->reserve(count);
    for (std::int64_t i = 0; i < count; ++i) slice->append(i);
    return slice->growth();
  };
  const midden::GrowthReport doubled = grown(Growth::geometric, false);
  CHECK(doubled.reallocations == 12);
  CHECK(doubled.bytes_copied < 262'144);
  CHECK(doubled.bytes_abandoned == (std::size_t{1} << 18) - 64);  // 64 + 128 + ... + 128 KiB
  const midden::GrowthReport as_go = grown(Growth::go, false);
  CHECK(as_go.reallocations > doubled.reallocations);
  CHECK(as_go.bytes_copied > 2 * doubled.bytes_copied);
  const midden::GrowthReport reserved = grown(Growth::geometric, true);
  CHECK(reserved.reallocations == 0);
  CHECK(reserved.bytes_copied == 0);
  CHECK(reserved.bytes_abandoned == 0);
}

TEST_CASE("The policy decides how much a slice grows") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto exact = make_slice<std::int64_t>(100, Growth::exact);
  exact->append(1);
  CHECK(exact->policy() == Growth::exact);
  CHECK(exact->capacity() < 110);
  const auto doubling = make_slice<std::int64_t>(100);
  doubling->resize(doubling->capacity() + 1);
  CHECK(doubling->policy() == Growth::geometric);
  CHECK(doubling->capacity() >= 200);
}

TEST_CASE("The capacity fills the slot of the array") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  for (const std::size_t length : {1U, 3U, 17U, 130U, 1000U, 5000U, 40'000U}) {
    const auto slice = make_slice<std::int64_t>(length, Growth::exact);
    runtime.collect();
    CAPTURE(length);
    CHECK(slice->retained_bytes() + sizeof(*slice) == runtime.last_cycle().live_bytes);
    CHECK(slice->capacity() == (slice->retained_bytes() - 16) / 8);
  }
}

TEST_CASE("Running out of memory leaves the slice as it was") {
  midden::Config config = quiet();
  config.heap_max = std::size_t{6} << 20;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  const auto slice = make_slice<Ref<Boxed>>();
  const Root<Boxed> box = make_boxed(1);
  const auto grow = [&] {
    while (true) slice->append(box);
  };
  CHECK_THROWS_AS(grow(), midden::OutOfMemory);
  const std::size_t size = slice->size();
  const midden::GrowthReport growth = slice->growth();
  CHECK(size == slice->capacity());
  CHECK(size > 100'000);
  const std::vector<Ref<Boxed>> many(size, Ref<Boxed>(box));
  CHECK_THROWS_AS(slice->append(box), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->append(many), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->append(*slice), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->append(1'000'000, box), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->resize(2'000'000), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->reserve(2'000'000), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->reserve(SIZE_MAX), midden::OutOfMemory);
  CHECK_THROWS_AS(slice->append(SIZE_MAX, box), midden::OutOfMemory);
  CHECK_THROWS_AS(make_slice<Ref<Boxed>>(SIZE_MAX / 8), midden::OutOfMemory);
  const auto ballast = make_slice<std::int64_t>(100'000);
  slice->span();
  CHECK_THROWS_AS(slice->erase(0), midden::OutOfMemory);  // shared: it would have to move
  CHECK(slice->size() == size);
  CHECK(slice->growth().reallocations == growth.reallocations);
  CHECK((numbers_of(*slice) == Numbers(size, 1)));
  slice->clear();
  slice->append(box);
  CHECK(numbers_of(*slice) == Numbers{1});
}

TEST_CASE("A slice is used in its own Runtime only") {
  midden::Runtime first(quiet());
  midden::Runtime second(quiet());
  const midden::Attach here(first);
  const auto slice = make_slice<std::int64_t>({1, 2, 3});
  {
    midden::Attach there(second);
    CHECK_THROWS_AS(slice->append(4), midden::NotAttached);
    CHECK_THROWS_AS(slice->append(there, 4), midden::NotAttached);
    CHECK_THROWS_AS(slice->append({4, 5}), midden::NotAttached);
    CHECK_THROWS_AS(slice->append(2, 4), midden::NotAttached);
    CHECK_THROWS_AS(slice->append(*slice), midden::NotAttached);
    CHECK_THROWS_AS(slice->reserve(100), midden::NotAttached);
    CHECK_THROWS_AS(slice->resize(1), midden::NotAttached);
    CHECK_THROWS_AS(slice->truncate(1), midden::NotAttached);
    CHECK_THROWS_AS(slice->clear(), midden::NotAttached);
    CHECK_THROWS_AS(slice->pop_back(), midden::NotAttached);
    CHECK_THROWS_AS(slice->erase(0), midden::NotAttached);
    CHECK_THROWS_AS(slice->clip(), midden::NotAttached);
    CHECK_THROWS_AS(slice->slice(0, 1), midden::NotAttached);
    CHECK_THROWS_AS(midden::Pin<Slice<std::int64_t>>(slice), midden::NotAttached);
    const auto own = make_slice<std::int64_t>({7});
    own->append(8);
    CHECK(numbers_of(*own) == Numbers{7, 8});
  }
  CHECK(numbers_of(*slice) == Numbers{1, 2, 3});
  CHECK_FALSE(slice->shared());
  slice->append(4);
  CHECK(slice->size() == 4);
}

TEST_CASE("A thread that is not attached is told so") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1});
  std::string said;
  std::thread([&, raw = slice.get()] {
    try {
      raw->append(2);
    } catch (const midden::NotAttached& error) {
      said = error.what();
    }
  }).join();
  CHECK(said.find("without being attached") != std::string::npos);
  const midden::Blocked blocked;
  CHECK_THROWS_AS(slice->append(2), midden::NotAttached);
  CHECK_THROWS_AS(make_slice<std::int64_t>(), midden::NotAttached);
}

TEST_CASE("Slices may be fields of objects and elements of slices") {
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  const auto rows = make_slice<Ref<Slice<Ref<Boxed>>>>();
  for (std::int64_t i = 0; i < 10; ++i) {
    rows->append(make_slice<Ref<Boxed>>());
    for (std::int64_t j = 0; j < i; ++j) rows->back()->append(make_boxed(10 * i + j));
  }
  for (std::int64_t i = 0; i < 10; ++i) {
    const auto& row = *rows->at(static_cast<std::size_t>(i));
    REQUIRE(row.size() == static_cast<std::size_t>(i));
    for (std::int64_t j = 0; j < i; ++j) CHECK(row[static_cast<std::size_t>(j)]->number == 10 * i + j);
  }
}

static_assert(!std::is_copy_constructible_v<Slice<int>> && !std::is_default_constructible_v<Slice<int>>);
static_assert(sizeof(Slice<int>) == 64);
