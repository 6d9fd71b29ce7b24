// Snapshots of a shared list: against models, and while threads write.

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <midden/error.hpp>

#include "containers/skiplist/shared/list.hpp"
#include "tests/containers/skiplist/shared/kit.hpp"
#include "tests/support/sanitized.hpp"

using namespace skiplist_test;

namespace {

constexpr int rounds = sanitized ? 10'000 : 60'000;

std::string eight(std::uint64_t number) { return big_endian_string(number); }

using Model = std::map<std::string, std::string>;

// Walks both ways, counts, and looks keys up that are there and that are not.
template <class Key>
void require_shows(const SharedTest<Key>& map, Moment moment, const Model& model, std::uint64_t keys) {
  const ListAt<Key> at = map.at(moment);
  REQUIRE(at.count() == model.size());
  Cursor cursor;
  bool stands = at.first(cursor);
  for (const auto& [key, value] : model) {
    REQUIRE(stands);
    REQUIRE(map.key_at(cursor) == key);
    REQUIRE(map.value_at(cursor) == value);
    stands = at.next(cursor);
  }
  REQUIRE_FALSE(stands);
  Cursor back;
  stands = at.last(back);
  for (auto it = model.rbegin(); it != model.rend(); ++it) {
    REQUIRE(stands);
    REQUIRE(map.key_at(back) == it->first);
    stands = at.previous(back);
  }
  REQUIRE_FALSE(stands);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::string key = Form<Key>::bytes(i * keys / 20);
    const auto found = model.find(key);
    REQUIRE(map.value_at(moment, key) == (found == model.end() ? "(absent)" : found->second));
    const auto bound = model.lower_bound(key);
    REQUIRE(at.seek(cursor, key_of<Key>(key)) == (bound != model.end()));
    if (bound != model.end()) REQUIRE(map.key_at(cursor) == bound->first);
  }
}

struct Opened {
  Moment moment;
  Model model;
};

}  // namespace

TEMPLATE_TEST_CASE("Snapshots show what the list was, whatever is written and whichever are closed", "", WordKey,
                   FixedKey, VariableKey) {
  auto random = test_generator(760);
  const std::uint64_t keys = GENERATE(as<std::uint64_t>{}, 2, 60, 5000);
  const unsigned most_open = GENERATE(1U, 3U, 40U);
  SharedTest<TestType> map(1);
  Model model;
  std::vector<Opened> open;
  const int operations = sanitized ? 8000 : 30'000;
  for (int i = 0; i < operations; ++i) {
    const bool shrinking = i / 4000 % 2 == 1;
    const std::string key = Form<TestType>::bytes(random() % keys);
    const std::string value = eight(random());
    if (random() % 8 < (shrinking ? 1U : 5U)) {
      map.assign(key, value);
      model[key] = value;
    } else {
      REQUIRE(map.erase(key) == (model.erase(key) == 1));
    }
    // Now and then all are closed, and the list is plain for a while.
    const bool rests = i / 3000 % 3 == 2;
    if (!rests && random() % 64 == 0 && open.size() < most_open) open.push_back({map.snapshot(), model});
    if (!open.empty() && (rests || random() % 64 == 0)) {
      const std::size_t chosen = random() % open.size();
      require_shows(map, open[chosen].moment, open[chosen].model, keys);
      map.list.close_snapshot(open[chosen].moment);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    if (random() % 4 == 0) map.grace.quiet(0);
    if (i % 2000 == 0) {
      REQUIRE(map.list.check() == "");
      REQUIRE(map.list.snapshots().count == open.size());
      for (const Opened& each : open) require_shows(map, each.moment, each.model, keys);
    }
  }
  for (const auto& [key, value] : model) REQUIRE(map.value(key) == value);
}

TEST_CASE("What a snapshot holds back is counted, and comes back when it is closed and the list is written") {
  SharedTest<WordKey> map(1);
  constexpr std::uint64_t keys = 3000;
  const auto overwrite = [&](std::uint64_t times) {
    for (std::uint64_t i = 0; i < times * keys; ++i) {
      map.assign(eight(i % keys), eight(i));
      map.grace.quiet(0);
    }
    return map.list.counts();
  };
  const std::size_t fresh = overwrite(5).present;
  const Moment moment = map.snapshot();
  const std::size_t held = overwrite(1).held;
  // Each entry of then, and its leaf.
  CHECK(held >= keys * 20);
  CHECK(held <= keys * 64);
  // However often they are overwritten: no snapshot is there to see that.
  CHECK(overwrite(10).held <= held + held / 10);
  CHECK(map.list.check() == "");
  map.list.close_snapshot(moment);
  overwrite(2);
  CHECK(map.list.counts().held == 0);
  CHECK(map.list.check() == "");
  CHECK(overwrite(20).present <= 3 * fresh);
}

namespace {

// A snapshot that stays open while 2000 keys are written so many times, and others come and go.
void write_under_old_snapshot(std::uint64_t times) {
  SharedTest<WordKey> map(1);
  constexpr std::uint64_t keys = 2000;
  for (std::uint64_t i = 0; i < keys; ++i) map.assign(eight(i), eight(i));
  const Moment old = map.snapshot();
  std::size_t first = 0;
  for (std::uint64_t i = 0; i < times * keys; ++i) {
    map.assign(eight(i % keys), eight(i));
    if (i % 50 == 0) map.list.close_snapshot(map.snapshot());
    map.grace.quiet(0);
    if (i == 2 * keys) first = map.list.counts().held;
  }
  CHECK(map.list.counts().held <= 2 * first);
  CHECK(map.value_at(old, eight(7)) == eight(7));
  CHECK(map.list.check() == "");
}

}  // namespace

TEST_CASE("An old snapshot does not hold what came and went since") { write_under_old_snapshot(40); }

TEST_CASE("An old snapshot holds no more after a hundred million writes", "[.large]") {
  write_under_old_snapshot(50'000);
}

TEST_CASE("A snapshot is cut at entries that it holds, not at those that came later") {
  SharedTest<WordKey> map(1);
  for (std::uint64_t i = 0; i < 20; ++i) map.assign(eight(i), eight(1));
  const Moment moment = map.snapshot();
  for (std::uint64_t i = 0; i < 20; ++i) map.assign(eight(i), eight(2));
  std::array<Offset, 3> cuts{};
  REQUIRE(map.at(moment).separators(cuts.data(), cuts.size()) == cuts.size());
  for (const Offset cut : cuts) CHECK(as_string(map.list.layout().value(map.list.levels().entry(cut))) == eight(1));
}

TEST_CASE("Hundreds of snapshots are open at once") {
  SharedTest<WordKey> map(1);
  std::vector<Moment> open;
  for (std::uint64_t i = 0; i < 500; ++i) {
    map.assign(eight(i % 30), eight(i));
    open.push_back(map.snapshot());
  }
  CHECK(map.list.snapshots().count == 500);
  CHECK(map.list.check() == "");
  for (std::uint64_t i = 0; i < 500; ++i) {
    REQUIRE(map.value_at(open[i], eight(i % 30)) == eight(i));
    REQUIRE(map.at(open[i]).count() == std::min<std::uint64_t>(i + 1, 30));
  }
  for (const Moment& moment : open) map.list.close_snapshot(moment);
  CHECK(map.list.snapshots().count == 0);
}

TEST_CASE("A list whose clock is at its end refuses snapshots, and goes on") {
  SharedTest<WordKey> map(1, Form<WordKey>::layout, Arena::max_segments, 255);
  std::vector<Moment> open;
  for (std::uint64_t i = 1; i < 255; ++i) {
    map.assign(eight(1), eight(i));
    const Moment moment = map.snapshot();
    REQUIRE(map.value_at(moment, eight(1)) == eight(i));
    if (i % 2 == 0)
      open.push_back(moment);
    else
      map.list.close_snapshot(moment);
  }
  CHECK_THROWS_AS(map.snapshot(), midden::TooLarge);
  map.assign(eight(1), eight(1000));
  CHECK(map.value(eight(1)) == eight(1000));
  CHECK(map.value_at(open.back(), eight(1)) == eight(254));
  CHECK(map.list.snapshots().count == open.size());
  CHECK(map.list.check() == "");
}

TEST_CASE("A snapshot that cannot have a slot has changed nothing") {
  SharedTest<WordKey> map(1);
  for (std::uint64_t i = 0; i < 200; ++i) map.assign(eight(i), eight(i));
  std::vector<Moment> open;
  map.segments.requests = 0;
  map.segments.fail_at = 1;
  bool failed = false;
  while (!failed && open.size() < 100'000) {
    try {
      open.push_back(map.snapshot());
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  }
  CHECK(failed);
  CHECK(map.list.snapshots().count == open.size());
  map.segments.fail_at = 0;
  open.push_back(map.snapshot());
  for (const Moment& moment : open) REQUIRE(map.value_at(moment, eight(100)) == eight(100));
  CHECK(map.list.check() == "");
}

TEST_CASE("An erase that finds no memory while a snapshot is open has changed nothing") {
  SharedTest<WordKey> map(1);
  for (std::uint64_t i = 0; i < 4000; ++i) map.assign(eight(i), eight(i));
  const Moment moment = map.snapshot();
  map.segments.requests = 0;
  map.segments.fail_at = 1;
  std::size_t erased = 0;
  try {
    for (; erased < 4000; ++erased) map.erase(eight(erased));
  } catch (const std::bad_alloc&) {
  }
  CHECK(map.list.size() == 4000 - erased);
  CHECK(map.at(moment).count() == 4000);
  CHECK(map.list.check() == "");
  map.list.close_snapshot(moment);
  map.segments.fail_at = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) map.erase(eight(i));
  CHECK(map.list.size() == 0);
}

// Each writer has pairs of keys, and counts up the first of a pair and then the second.
TEMPLATE_TEST_CASE("Snapshots beside writers show one moment", "", WordKey, VariableKey) {
  constexpr unsigned writers = 3;
  constexpr unsigned takers = 2;
  const std::uint64_t pairs = GENERATE(as<std::uint64_t>{}, 1, 8, 500);
  SharedTest<TestType> map(writers + takers);
  std::atomic<int> wrong{0};
  std::atomic<unsigned> writing{writers};
  const auto key = [](std::uint64_t pair, std::uint64_t side) {
    return Form<TestType>::bytes(side * 1'000'000 + pair);
  };
  const auto number = [](const std::string& value) {
    return value == "(absent)" ? 0 : load_big_64(as_bytes(value).data);
  };
  side_by_side(map, writers + takers, [&](unsigned t) {
    auto random = test_generator(770 + t);
    if (t < writers) {
      std::vector<std::uint64_t> counts(pairs);
      for (int i = 0; i < rounds; ++i) {
        const std::uint64_t at = random() % pairs;
        const std::uint64_t pair = at * writers + t;
        // Every few rounds it goes away, the second first.
        if (++counts[at] % 8 == 0) {
          map.erase(key(pair, 1));
          map.erase(key(pair, 0));
          map.grace.quiet(t);
          continue;
        }
        map.assign(key(pair, 0), eight(counts[at]));
        if (i % 16 == 0) map.grace.quiet(t);
        map.assign(key(pair, 1), eight(counts[at]));
        map.grace.quiet(t);
      }
      --writing;
      return;
    }
    for (int i = 0; writing.load() != 0; ++i) {
      const Moment moment = map.snapshot();
      const ListAt<TestType> at = map.at(moment);
      Model shown;
      Cursor cursor;
      for (bool stands = at.first(cursor); stands; stands = at.next(cursor)) {
        wrong += !shown.emplace(map.key_at(cursor), map.value_at(cursor)).second;
        map.grace.quiet(t);  // a snapshot's cursor needs no section
      }
      for (std::uint64_t pair = 0; pair < pairs * writers; ++pair) {
        const std::uint64_t first = number(map.value_at(moment, key(pair, 0)));
        const std::uint64_t second = number(map.value_at(moment, key(pair, 1)));
        map.grace.quiet(t);
        // Equal, or the second is not written yet, or it is gone already or not there yet.
        wrong += !(first == second || (second == 0 && first != 0) || first == second + 1);
        for (const std::uint64_t side : {std::uint64_t{0}, std::uint64_t{1}}) {
          const auto found = shown.find(key(pair, side));
          wrong += (found == shown.end() ? 0 : number(found->second)) != (side == 0 ? first : second);
        }
      }
      wrong += at.count() != shown.size();
      map.list.close_snapshot(moment);
      map.grace.quiet(t);
    }
  });
  CHECK(wrong == 0);
  CHECK(map.list.check() == "");
}

TEST_CASE("A snapshot has all writes that returned before it, and none that was called after") {
  constexpr unsigned writers = 3;
  constexpr std::uint64_t keys = 64;
  SharedTest<WordKey> map(writers + 1);
  // What each key has at least, and at most: set after, and before the write.
  std::array<std::atomic<std::uint64_t>, keys> done{};
  std::array<std::atomic<std::uint64_t>, keys> begun{};
  std::atomic<unsigned> writing{writers};
  std::atomic<int> wrong{0};
  side_by_side(map, writers + 1, [&](unsigned t) {
    auto random = test_generator(790 + t);
    if (t < writers) {
      for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(rounds); ++i) {
        const std::uint64_t key = random() % keys / writers * writers + t;
        if (key >= keys) continue;
        begun[key] = i;
        map.assign(eight(key), eight(i));
        done[key] = i;
        map.grace.quiet(t);
      }
      --writing;
      return;
    }
    std::array<std::uint64_t, keys> least{};
    std::array<std::uint64_t, keys> most{};
    while (writing.load() != 0) {
      for (std::uint64_t k = 0; k < keys; ++k) least[k] = done[k];
      const Moment moment = map.snapshot();
      for (std::uint64_t k = 0; k < keys; ++k) most[k] = begun[k];
      std::this_thread::yield();
      for (std::uint64_t k = 0; k < keys; ++k) {
        const std::string shown = map.value_at(moment, eight(k));
        const std::uint64_t value = shown == "(absent)" ? 0 : load_big_64(as_bytes(shown).data);
        wrong += value < least[k] || value > most[k];
      }
      map.list.close_snapshot(moment);
      map.grace.quiet(t);
    }
  });
  CHECK(wrong == 0);
  CHECK(map.list.check() == "");
}
