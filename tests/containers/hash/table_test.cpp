// Table: its buckets by number, its free list, and the chunks that come and go.

#include "containers/hash/table.hpp"

#include <set>

#include "containers/hash/state.hpp"
#include "tests/containers/hash/make_state.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::KeyKind;
using midden::Root;
using midden::Runtime;
using midden::ValueKind;
using namespace midden::containers::hash;

TEST_CASE("Main buckets divide the hashes in order") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_state(here, {KeyKind::word, ValueKind::fixed, 8, 8});
  for (const unsigned log2 : {0U, 1U, 9U, 31U}) {
    Table& table = state->now;
    if (log2 < 31) {
      table.reset();
      table.open(here, state->layout, log2);
    } else {
      continue;
    }
    CHECK(table.main_of(0) == 0);
    CHECK(table.main_of(0xFFFFFFFF) == table.main_buckets() - 1);
    for (std::size_t main = 0; main < table.main_buckets(); main += 1 + main / 2) {
      CHECK(table.main_of(table.begin_of(main)) == main);
      CHECK(table.main_of(table.begin_of(main + 1) - 1) == main);
    }
    CHECK(table.begin_of(table.main_buckets()) == hash_end);
  }
}

TEST_CASE("Overflow buckets are all different, none is a main bucket, and they come back") {
  Runtime runtime(map_config());
  Attach here(runtime);
  for (const unsigned log2 : {0U, 3U, 8U, 10U}) {
    const Root<HashState> state = make_state(here, {KeyKind::word, ValueKind::fixed, 8, 8});
    Table& table = state->now;
    table.open(here, state->layout, log2);
    std::set<BucketNumber> taken;
    for (int i = 0; i < 1500; ++i) {
      table.need_overflow(here, state->layout, 1);
      const BucketNumber number = table.take_overflow(state->layout);
      CHECK(number >= table.main_buckets());
      CHECK(taken.insert(number).second);
      CHECK(head(table.at(number, state->layout)).next == no_bucket);
    }
    CHECK(table.overflow_in_use() == 1500);
    const std::size_t bytes = table.bytes();
    for (const BucketNumber number : taken) table.free_overflow(number, state->layout);
    CHECK(table.overflow_in_use() == 0);
    table.need_overflow(here, state->layout, 1500);
    for (int i = 0; i < 1500; ++i) table.take_overflow(state->layout);
    CHECK(table.bytes() == bytes);
  }
}

TEST_CASE("A chunk goes when its last main bucket does") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_state(here, {KeyKind::word, ValueKind::fixed, 8, 8});
  Table& table = state->now;
  table.open(here, state->layout, 10);
  CHECK(table.chunks() == 0);
  table.need_main(here, state->layout, 0, 1023);
  CHECK(table.chunks() == 4);
  const std::size_t full = table.bytes();
  table.need_main(here, state->layout, 5, 900);
  CHECK(table.chunks() == 4);
  for (BucketNumber main = 0; main < 255; ++main) table.drop_main(main, state->layout);
  CHECK(table.chunks() == 4);
  table.drop_main(255, state->layout);
  CHECK(table.chunks() == 3);
  CHECK(table.bytes() == full - 256 * state->layout.stride());
  // 1: the state's root; the directory is reached from it, and three chunks from that.
  runtime.collect();
  CHECK(runtime.last_cycle().objects_marked == 5);
}

TEST_CASE("Tables that swap take everything along") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_state(here, {KeyKind::word, ValueKind::fixed, 8, 8});
  state->now.open(here, state->layout, 3);
  state->now.need_main(here, state->layout, 0, 7);
  state->now.need_overflow(here, state->layout, 1);
  const std::size_t bytes = state->now.bytes();
  state->now.swap(state->old);
  CHECK(state->now.none());
  CHECK(state->now.bytes() == 0);
  CHECK(state->old.bytes() == bytes);
  CHECK(state->old.log2() == 3);
  state->old.reset();
  CHECK(state->old.none());
  runtime.collect();
  CHECK(runtime.last_cycle().objects_marked == 1);
}
