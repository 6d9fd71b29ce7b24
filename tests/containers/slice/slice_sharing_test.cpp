#include <midden/slice.hpp>

#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"

namespace {

using midden::make_slice;
using midden::Pin;
using midden::Ref;
using midden::Root;
using midden::Slice;

using Numbers = std::vector<std::int64_t>;

Numbers numbers_of(std::span<const std::int64_t> elements) { return Numbers(elements.begin(), elements.end()); }
Numbers numbers_of(const Slice<std::int64_t>& slice) { return Numbers(slice.begin(), slice.end()); }

}  // namespace

TEST_CASE("A sub-slice shows the elements of its parent") {
  midden::Runtime runtime(stressed());
  midden::Attach here(runtime);
  const auto parent = make_slice<std::int64_t>({0, 1, 2, 3, 4});
  const auto part = parent->slice(1, 4);
  CHECK(numbers_of(*part) == Numbers{1, 2, 3});
  CHECK(part->capacity() == 3);
  CHECK(part->retained_bytes() == parent->retained_bytes());
  CHECK(live_objects(runtime) == 3);
  (*part)[0] = 10;
  (*parent)[2] = 20;
  CHECK(numbers_of(*parent) == Numbers{0, 10, 20, 3, 4});
  CHECK(numbers_of(*part->slice(here, 1, 2)) == Numbers{20});
}

TEST_CASE("Appending to a sub-slice never overwrites its neighbour") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<std::int64_t>({0, 1, 2, 3, 4});
  const auto front = parent->slice(0, 2);
  const auto back = parent->slice(3, 5);
  front->append(7);
  back->append(8);
  CHECK(numbers_of(*parent) == Numbers{0, 1, 2, 3, 4});
  CHECK(numbers_of(*front) == Numbers{0, 1, 7});
  CHECK(numbers_of(*back) == Numbers{3, 4, 8});
  CHECK_FALSE(front->shared());
  (*front)[0] = 9;
  CHECK(parent->front() == 0);
}

TEST_CASE("A parent takes its room although it is shared, and its parts do not see it") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<std::int64_t>();
  parent->reserve(100);
  parent->append({0, 1, 2});
  const auto part = parent->slice(1, 3);
  parent->append(3);
  CHECK(parent->growth().reallocations == 0);
  CHECK(numbers_of(*part) == Numbers{1, 2});
  CHECK(numbers_of(*parent) == Numbers{0, 1, 2, 3});
  (*part)[0] = 5;
  CHECK(numbers_of(*parent) == Numbers{0, 5, 2, 3});
}

TEST_CASE("Room goes to a sub-slice that asks for it, and leaves the parent") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto parent = make_slice<std::int64_t>();
  parent->reserve(100);
  parent->append({0, 1, 2});
  const auto part = parent->slice(1, 3, 10);
  CHECK(part->capacity() == 10);
  CHECK(parent->capacity() == 3);
  const std::int64_t* first = part->data();
  part->append(7, 5);
  CHECK(part->data() == first);
  part->append(6);
  part->append(6);
  CHECK(part->data() != first);
  parent->append(8);
  CHECK(numbers_of(*parent) == Numbers{0, 1, 2, 8});
  CHECK(numbers_of(*part) == Numbers{1, 2, 5, 5, 5, 5, 5, 5, 5, 6, 6});
  const auto empty = parent->slice(here, 4, 4, 2);
  empty->append({1, 2});
  CHECK(numbers_of(*empty) == Numbers{1, 2});
  CHECK(empty->growth().bytes_copied == 0);
}

TEST_CASE("Truncating and erasing change no other slice on the array") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<std::int64_t>({0, 1, 2, 3, 4, 5});
  const auto witness = parent->slice(0, 6);
  const auto other = parent->slice(2, 6);
  parent->truncate(3);
  parent->append(9);
  other->erase(1);
  CHECK(numbers_of(*parent) == Numbers{0, 1, 2, 9});
  CHECK(numbers_of(*other) == Numbers{2, 4, 5});
  CHECK(numbers_of(*witness) == Numbers{0, 1, 2, 3, 4, 5});
  witness->pop_back();
  witness->append(7);
  CHECK(numbers_of(*witness) == Numbers{0, 1, 2, 3, 4, 7});
}

TEST_CASE("A shared array keeps what a slice was truncated by, until the slice leaves it") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<Ref<Boxed>>();
  for (std::int64_t i = 0; i < 20; ++i) parent->append(make_boxed(i));
  Root<Slice<Ref<Boxed>>> part = parent->slice(5, 10);
  parent->truncate(6);
  CHECK(live_objects(runtime) == 3 + 20);
  CHECK((*part)[4]->number == 9);
  part = nullptr;
  CHECK(live_objects(runtime) == 2 + 20);  // the bit stays: nobody knows that the part is gone
  parent->clip();
  CHECK(live_objects(runtime) == 2 + 6);
  parent->truncate(2);
  CHECK(live_objects(runtime) == 2 + 2);  // its own array again
}

TEST_CASE("Clearing a slice on a shared array lets go of the array") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<Ref<Boxed>>();
  for (std::int64_t i = 0; i < 20; ++i) parent->append(make_boxed(i));
  const auto part = parent->slice(0, 1);
  parent->clear();
  part->clear();
  CHECK(parent->retained_bytes() == 0);
  CHECK(live_objects(runtime) == 2);
  parent->append(make_boxed(1));
  CHECK(parent->size() == 1);
}

TEST_CASE("An empty sub-slice keeps no array alive") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<std::int64_t>(1000);
  const auto part = parent->slice(500, 500);
  CHECK(part->retained_bytes() == 0);
  CHECK_FALSE(parent->shared());
  part->append(1);
  CHECK(numbers_of(*part) == Numbers{1});
}

TEST_CASE("A clipped sub-slice lets a large array go") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  constexpr std::size_t large = (std::size_t{1} << 20) / 8;
  Root<Slice<std::int64_t>> parent = make_slice<std::int64_t>(large);
  (*parent)[100] = 5;
  const auto part = parent->slice(here, 100, 102);
  parent = nullptr;
  runtime.collect();
  const std::uint64_t before = runtime.last_cycle().live_bytes;
  CHECK(part->retained_bytes() > 1 << 20);
  CHECK(before > 1 << 20);
  part->clip();
  CHECK(numbers_of(*part) == Numbers{5, 0});
  CHECK(part->retained_bytes() == 32);
  CHECK_FALSE(part->shared());
  runtime.collect();
  CHECK(runtime.last_cycle().live_bytes * 1000 < before);
}

TEST_CASE("Clipping leaves alone what is no larger than it must be") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1, 2, 3, 4, 5, 6});
  slice->clip();
  const std::int64_t* first = slice->data();
  slice->clip(here);
  CHECK(slice->data() == first);
  slice->append({7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20});
  slice->truncate(6);
  slice->clip();
  CHECK(numbers_of(*slice) == Numbers{1, 2, 3, 4, 5, 6});
  CHECK(slice->retained_bytes() == 64);
  slice->clear();
  slice->clip();
  CHECK(slice->retained_bytes() == 0);
}

TEST_CASE("Only arrays that nobody shares count as abandoned") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1, 2, 3});
  const auto part = slice->slice(0, 1);
  slice->reserve(100);
  CHECK(slice->growth().reallocations == 1);
  CHECK(slice->growth().bytes_abandoned == 0);
  const std::size_t bytes = slice->retained_bytes();
  slice->reserve(1000);
  CHECK(slice->growth().bytes_abandoned == bytes);
  CHECK(slice->growth().bytes_copied == 2 * 3 * sizeof(std::int64_t));
}

TEST_CASE("A span's elements stay while the slice is erased from") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>({1, 2, 3, 4});
  CHECK_FALSE(slice->shared());
  const auto witness = slice->slice(0, 4);  // keeps the array alive
  const std::span<std::int64_t> span = slice->span();
  slice->erase(0);
  slice->truncate(1);
  CHECK(numbers_of(span) == Numbers{1, 2, 3, 4});
  const auto fresh = make_slice<std::int64_t>({1});
  fresh->span();
  CHECK(fresh->shared());
  fresh->reserve(100);
  CHECK_FALSE(fresh->shared());
  fresh->begin(), fresh->data();
  CHECK_FALSE(fresh->shared());
}

TEST_CASE("A pin holds the elements whatever becomes of the slice") {
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  Root<Slice<std::int64_t>> slice = make_slice<std::int64_t>({1, 2, 3, 4});
  Pin<Slice<std::int64_t>> pin(slice);
  const std::int64_t* bytes = pin.data();
  CHECK(pin.size() == 4);
  CHECK(runtime.pins().count == 1);
  slice->append(5);  // into the room behind what is pinned
  slice->erase(0, 2);
  slice->truncate(1);
  slice->clear();
  slice->append(100, 7);
  slice = nullptr;
  runtime.collect();
  CHECK(live_objects(runtime) == 1);
  CHECK(pin.data() == bytes);
  CHECK(numbers_of(pin.span()) == Numbers{1, 2, 3, 4});
  Pin<Slice<std::int64_t>> moved = std::move(pin);
  CHECK(numbers_of(moved.span()) == Numbers{1, 2, 3, 4});
  std::thread([&] { moved.release(); }).join();
  CHECK_FALSE(moved);
  CHECK(moved.span().empty());
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.pins().count == 0);
}

TEST_CASE("A pin of a slice without elements holds nothing") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>();
  const Pin<Slice<std::int64_t>> pin(slice);
  CHECK_FALSE(pin);
  CHECK(pin.size() == 0);
  CHECK_FALSE(Pin<Slice<std::int64_t>>());
}

TEST_CASE("A pin is empty after its Runtime has ended") {
  midden::Config config = quiet();
  config.message = [](std::string_view) {};
  Pin<Slice<std::int64_t>> pin;
  {
    midden::Runtime runtime(config);
    const midden::Attach here(runtime);
    pin = Pin<Slice<std::int64_t>>(make_slice<std::int64_t>({1}));
    CHECK(pin.size() == 1);
  }
  CHECK(pin.data() == nullptr);
  CHECK(pin.size() == 0);
}

TEST_CASE("Several threads may read one slice and take spans of it") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto slice = make_slice<std::int64_t>(10'000, midden::Growth::exact);
  std::iota(slice->begin(), slice->end(), std::int64_t{0});
  std::atomic<std::int64_t> total{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&, raw = slice.get()] {
      const midden::Attach inside(runtime);
      const std::span<const std::int64_t> span = std::as_const(*raw).span();
      total += std::accumulate(span.begin(), span.end(), std::int64_t{0}) + raw->at(1);
    });
  }
  {
    const midden::Blocked blocked;
    for (std::thread& reader : readers) reader.join();
  }
  CHECK(total == 4 * (49'995'000 + 1));
  CHECK(slice->shared());
}

TEST_CASE("Parts of a shared array are scanned once for all") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto parent = make_slice<Ref<Boxed>>();
  for (std::int64_t i = 0; i < 1000; ++i) parent->append(make_boxed(i));
  runtime.collect();
  const std::uint64_t alone = runtime.last_cycle().references_scanned;
  std::vector<Root<Slice<Ref<Boxed>>>> parts;
  for (std::size_t i = 0; i < 100; ++i) parts.push_back(parent->slice(10 * i, 10 * i + 10));
  runtime.collect();
  CHECK(runtime.last_cycle().references_scanned == alone + 2 * 100);  // a root and an array each
}
