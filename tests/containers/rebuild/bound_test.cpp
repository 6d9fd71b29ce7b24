// Bound: a key that rises.

#include "containers/rebuild/bound.hpp"

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::MapKey;
using midden::Root;
using midden::Runtime;
using midden::containers::rebuild::Bound;

namespace {

struct Holder {
  Bound bound;
  static constexpr auto midden_refs = midden::refs<Holder>(&Holder::bound);
};

MapKey text(std::string_view bytes) { return {bytes.size(), midden::detail::address_of(bytes)}; }

void take(Attach& here, Bound& bound, MapKey key) {
  bound.make_room(here, key);
  bound.take(key);
}

}  // namespace

TEST_CASE("A bound covers keys up to the one that was taken last, itself included") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Holder> holder = midden::make<Holder>();
  Bound& bound = holder->bound;
  CHECK_FALSE(bound.covers({0, nullptr}));
  take(here, bound, {0, nullptr});
  CHECK(bound.covers({0, nullptr}));
  CHECK_FALSE(bound.covers({1, nullptr}));
  take(here, bound, {7, nullptr});
  CHECK(bound.covers({7, nullptr}));
  CHECK_FALSE(bound.covers({8, nullptr}));
  bound.reset();
  CHECK_FALSE(bound.covers({0, nullptr}));
}

TEST_CASE("A bound keeps bytes of any length across collections") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Holder> holder = midden::make<Holder>();
  Bound& bound = holder->bound;
  CHECK_FALSE(bound.covers(text("")));
  std::string key;
  for (const std::size_t length : {0U, 1U, 31U, 32U, 33U, 40U, 5U, 1000U, 100'000U, 3U}) {
    key.assign(length, 'k');
    take(here, bound, text(key));
    runtime.collect();
    CHECK(bound.covers(text(key)));
    CHECK(bound.covers(text("")));
    CHECK_FALSE(bound.covers(text(key + '\0')));
    CHECK_FALSE(bound.covers(text("l")));
  }
}
