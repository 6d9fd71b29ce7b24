// Writing: chains stay packed, nothing stale is left, and the counts are right.

#include "containers/hash/write.hpp"

#include "tests/containers/hash/make_state.hpp"
#include "tests/containers/hash/validate.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using midden::Attach;
using midden::KeyKind;
using midden::MapShape;
using midden::Root;
using midden::Runtime;
using midden::ValueKind;
using namespace midden::containers::hash;

TEST_CASE("The invariants hold after each of many random writes, for each layout") {
  Runtime runtime(map_config());
  Attach here(runtime);
  std::uint64_t stream = 0;
  for (const KeyKind key : {KeyKind::word, KeyKind::variable}) {
    for (const MapShape value : {MapShape{key, ValueKind::fixed, 0, 8}, MapShape{key, ValueKind::fixed, 0, 13},
                                 MapShape{key, ValueKind::fixed, 0, 200}, MapShape{key, ValueKind::variable, 0, 0},
                                 MapShape{key, ValueKind::reference, 0, 8}}) {
      CAPTURE(static_cast<int>(key), static_cast<int>(value.value), value.value_bytes);
      const Root<HashState> state =
          make_state(here, {key, value.value, key == KeyKind::word ? 8U : 0U, value.value_bytes});
      std::mt19937_64 random = test_generator(++stream);
      const std::string bytes(200, 'v');
      for (int i = 0; i < 1500; ++i) {
        const std::uint64_t n = random() % 300;
        const std::string text = std::to_string(n);
        if (random() % 9 < (i < 800 ? 6U : 3U)) {
          midden::MapValue given{bytes.data(), value.value == ValueKind::variable ? n % 100 : value.value_bytes};
          if (value.value == ValueKind::reference) given.data = nullptr;
          if (key == KeyKind::word) {
            upsert(here, *state, WordKey({n, nullptr}, state->layout), given, midden::MapWrite::assign);
          } else {
            upsert(here, *state, ObjectKey(text_key(text), state->layout), given, midden::MapWrite::assign);
          }
        } else if (key == KeyKind::word) {
          midden::containers::hash::erase(here, *state, WordKey({n, nullptr}, state->layout));
        } else {
          midden::containers::hash::erase(here, *state, ObjectKey(text_key(text), state->layout));
        }
        const std::string fault = Validator(*state).fault();
        if (!fault.empty()) FAIL(fault << " after " << i << " writes");
      }
    }
  }
  SUCCEED("all hold");
}

TEST_CASE("Each write changes the count of writes, and a look-up does not") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  std::uint64_t writes = state->writes;
  const auto changed = [&] { return std::exchange(writes, state->writes) != state->writes; };
  put(here, *state, 1, 1);
  CHECK(changed());
  put(here, *state, 1, 2);
  CHECK(changed());
  CHECK(has(*state, 1, 2));
  CHECK_FALSE(changed());
  take_out(here, *state, 1);
  CHECK(changed());
}

TEST_CASE("stats counts every reference that a collection reports for the map") {
  const auto check = [](auto make_it) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = make_it();
    for (const std::uint64_t entries : {0U, 1U, 8U, 100U, 900U, 5000U}) {
      for (std::uint64_t n = map->size(); n < entries; ++n) {
        map->insert_or_assign(Kind<typename std::decay_t<decltype(*map)>::Key>::make(n),
                              Kind<typename std::decay_t<decltype(*map)>::Value>::make(8 * n + 1));
      }
      runtime.collect();
      // And the root's to the map, and the map's to its state.
      CHECK(runtime.last_cycle().references_scanned == map->stats().references + 2);
    }
  };
  const auto hash = [] { return midden::MapOptions{.backend = "hash"}; };
  check([&] { return midden::make_map<std::int64_t, std::int64_t>(hash()); });
  check([&] { return midden::make_map<std::string_view, std::int64_t>(hash()); });
  check([&] { return midden::make_map<std::string_view, std::string_view>(hash()); });
  check([&] { return midden::make_map<std::int64_t, midden::Ref<Node>>(hash()); });
  check([&] { return midden::make_map<std::uint32_t, Large>(hash()); });
  check([&] { return midden::make_map<Key16, midden::Ref<Node>>(hash()); });
  check([&] { return midden::make_map<std::string_view, Nothing>(hash()); });
  check([&] { return midden::make_map<Key100, std::uint32_t>(hash()); });
}
