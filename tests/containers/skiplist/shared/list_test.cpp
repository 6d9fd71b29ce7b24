// SharedList: what one thread does to it against a model, memory that comes back, and threads side by side.

#include "containers/skiplist/shared/list.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/containers/skiplist/shared/kit.hpp"
#include "tests/support/sanitized.hpp"

using namespace skiplist_test;

namespace {

constexpr int rounds = sanitized ? 20'000 : 100'000;

std::string eight(std::uint64_t number) { return big_endian_string(number); }

}  // namespace

TEMPLATE_TEST_CASE("A shared list answers as a std::map does", "", WordKey, FixedKey, VariableKey) {
  auto random = test_generator(700);
  const std::uint64_t keys = GENERATE(as<std::uint64_t>{}, 3, 60, 5000);
  const int quiet_every = GENERATE(1, 3000);
  SharedTest<TestType> map(1);
  std::map<std::string, std::string> model;
  for (int i = 0; i < 30'000; ++i) {
    // Grows, shrinks to nothing, and grows again.
    const bool shrinking = i / 5000 % 2 == 1;
    const std::string key = Form<TestType>::bytes(random() % keys);
    const std::string value = eight(random() % 3);
    const auto at = model.find(key);
    const bool there = at != model.end();
    switch (random() % (shrinking ? 12 : 6)) {
      case 0:
      case 1:
        REQUIRE(map.assign(key, value) == !there);
        model[key] = value;
        break;
      case 2:
        REQUIRE(map.insert(key, value) == !there);
        model.emplace(key, value);
        break;
      case 3: {
        const std::string expected = eight(random() % 3);
        const bool matches = there && at->second == expected;
        REQUIRE(map.replace(key, expected, value) == matches);
        if (matches) at->second = value;
        break;
      }
      case 4: {
        const std::string expected = eight(random() % 3);
        const bool matches = there && at->second == expected;
        REQUIRE(map.erase_if(key, expected) == matches);
        if (matches) model.erase(at);
        break;
      }
      case 5:
        REQUIRE(map.value(key) == (there ? at->second : "(absent)"));
        break;
      default:
        REQUIRE(map.erase(key) == there);
        if (there) model.erase(at);
    }
    if (i % quiet_every == 0) map.grace.quiet(0);
    if (i % 1000 == 0) {
      REQUIRE(map.list.check() == "");
      REQUIRE(map.list.size() == model.size());
      Cursor cursor;
      bool stands = map.list.first(cursor);
      for (const auto& [k, v] : model) {
        REQUIRE(stands);
        REQUIRE(map.key_at(cursor) == k);
        REQUIRE(map.value_at(cursor) == v);
        stands = map.list.next(cursor);
      }
      REQUIRE_FALSE(stands);
      Cursor back;
      stands = map.list.last(back);
      for (auto it = model.rbegin(); it != model.rend(); ++it) {
        REQUIRE(stands);
        REQUIRE(map.key_at(back) == it->first);
        stands = map.list.previous(back);
      }
      REQUIRE_FALSE(stands);
      const std::string sought = Form<TestType>::bytes(random() % keys);
      const auto bound = model.lower_bound(sought);
      REQUIRE(map.list.seek(cursor, key_of<TestType>(sought)) == (bound != model.end()));
      if (bound != model.end()) REQUIRE(map.key_at(cursor) == bound->first);
    }
  }
}

TEST_CASE("What leaves a shared list is used again after a grace period, and not before") {
  SharedTest<WordKey> map(1);
  const auto turn_over = [&](bool quiet) {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      map.erase(eight(i));
      map.assign(eight(i), eight(i));
      if (quiet) map.grace.quiet(0);
    }
    return map.list.counts();
  };
  const std::size_t fresh = turn_over(true).present;
  for (int i = 0; i < 50; ++i) turn_over(true);
  CHECK(map.list.counts().present <= fresh + fresh / 2);
  const SharedArena::Counts held = turn_over(false);
  CHECK(held.retired > 2000 * 24);
  map.grace.quiet(0);
  for (int i = 0; i < 3; ++i) turn_over(true);
  CHECK(map.list.counts().retired < held.retired / 4);
  CHECK(map.list.check() == "");
}

TEST_CASE("A shared list that cannot have memory has changed nothing") {
  SharedTest<VariableKey> map(1);
  std::map<std::string, std::string> model;
  unsigned failed = 0;
  for (std::uint64_t i = 0; i < 40'000; ++i) {
    const std::string key = Form<VariableKey>::bytes(i * 0x9E3779B97F4A7C15);
    map.segments.fail_at = map.segments.requests + (i % 3 == 0 ? 1 : 2);
    try {
      map.assign(key, eight(i));
      model.emplace(key, eight(i));
    } catch (const std::bad_alloc&) {
      ++failed;
      REQUIRE(map.value(key) == "(absent)");
      REQUIRE(map.list.size() == model.size());
      map.segments.fail_at = 0;
      REQUIRE(map.assign(key, eight(i)));
      model.emplace(key, eight(i));
    }
    map.grace.quiet(0);
  }
  CHECK(failed >= 2);
  CHECK(map.list.check() == "");
  for (const auto& [key, value] : model) REQUIRE(map.value(key) == value);
}

TEST_CASE("A shared list whose arena is full says so and keeps what it has") {
  SharedTest<WordKey> map(1, Form<WordKey>::layout, 12);
  std::uint64_t count = 0;
  CHECK_THROWS_AS(
      [&] {
        for (;; ++count) map.assign(eight(count), eight(count));
      }(),
      std::length_error);
  CHECK(count > 1000);
  CHECK(map.list.size() == count);
  for (std::uint64_t i = 0; i < count; ++i) REQUIRE(map.value(eight(i)) == eight(i));
  CHECK(map.list.check() == "");
  // Also a thread that has no memory of its own makes room.
  std::thread([&] {
    for (std::uint64_t i = 0; i < count; i += 2) {
      REQUIRE(map.erase(eight(i)));
      map.grace.quiet(0);
    }
    for (std::uint64_t i = 0; i < count / 2; i += 2) {
      REQUIRE(map.assign(eight(i), eight(i)));
      map.grace.quiet(0);
    }
  }).join();
  CHECK(map.list.check() == "");
}

TEST_CASE("Large values that were overwritten do not pile up") {
  SharedTest<WordKey> map(1, {.variable_value = true, .key_bytes = 8});
  const std::string large(100'000, 'v');
  for (int i = 0; i < 1000; ++i) {
    map.assign(eight(1), large);
    map.grace.quiet(0);
    REQUIRE(map.list.counts().retired < 1'000'000);
  }
  CHECK(map.list.counts().present < 4'000'000);
  CHECK(map.list.check() == "");
}

TEST_CASE("After a long rest what piled up is freed in many small steps") {
  SharedTest<WordKey> map(1);
  for (std::uint64_t i = 0; i < 20'000; ++i) map.assign(eight(i % 100), eight(i));
  const std::size_t piled = map.list.counts().retired;
  REQUIRE(piled > 300'000);
  map.grace.quiet(0);
  map.assign(eight(1), eight(1));
  map.grace.quiet(0);
  std::size_t before = map.list.counts().retired;
  for (int i = 0; i < 200; ++i) {
    map.assign(eight(1), eight(1));
    map.grace.quiet(0);
    const std::size_t now = map.list.counts().retired;
    REQUIRE(before < now + 300 * NodePool::node_bytes);
    before = now;
  }
  CHECK(before < piled / 4);
  CHECK(map.list.check() == "");
}

TEST_CASE("Who reads waits for no writer: all nodes may be locked") {
  SharedTest<VariableKey> map(1);
  for (std::uint64_t i = 0; i < 2000; ++i) map.assign(eight(i), eight(i));
  const Levels& levels = map.list.levels();
  std::vector<Node*> locked;
  const auto lock_all = [&](auto&& self, Offset at) -> void {
    Node& node = const_cast<Node&>(levels.node(at));
    REQUIRE(node.try_lock());
    locked.push_back(&node);
    for (unsigned i = 0; node.level > 0 && i < node.count; ++i) self(self, node.target(i));
  };
  lock_all(lock_all, map.list.top().node);
  for (std::uint64_t i = 0; i < 2000; ++i) REQUIRE(map.value(eight(i)) == eight(i));
  CHECK(map.value(eight(2000)) == "(absent)");
  Cursor cursor;
  std::size_t seen = 0;
  for (bool shows = map.list.first(cursor); shows; shows = map.list.next(cursor)) ++seen;
  CHECK(seen == 2000);
  for (Node* node : locked) node->unlock();
  CHECK(map.list.check() == "");
}

TEST_CASE("More threads than stripes take their turns") {
  constexpr unsigned threads = SharedArena::stripe_count + 6;
  SharedTest<WordKey> map(threads);
  side_by_side(map, threads, [&](unsigned t) {
    for (std::uint64_t i = 0; i < rounds / 50; ++i) {
      map.assign(eight(i * threads + t), eight(i));
      map.grace.quiet(t);
    }
  });
  CHECK(map.list.size() == threads * (rounds / 50));
  CHECK(map.list.check() == "");
}

TEMPLATE_TEST_CASE("Threads that write keys of their own in one shared list find what they wrote", "", WordKey,
                   VariableKey) {
  constexpr unsigned threads = 4;
  const std::uint64_t keys = GENERATE(as<std::uint64_t>{}, 40, 4000);
  const bool snapshots = GENERATE(false, true);
  SharedTest<TestType> map(threads + (snapshots ? 1 : 0));
  std::array<std::map<std::string, std::string>, threads> models;
  std::atomic<int> wrong{0};
  side_by_side(map, threads, snapshots, [&](unsigned t) {
    auto random = test_generator(710 + t);
    std::map<std::string, std::string>& model = models[t];
    for (int i = 0; i < rounds; ++i) {
      const bool shrinking = i / 3000 % 2 == 1;
      const std::uint64_t number = random() % keys;
      const std::string key = Form<TestType>::bytes(number);
      if (number % threads == t) {
        const bool there = model.count(key) != 0;
        if (random() % 4 < (shrinking ? 1u : 3u)) {
          const std::string value = eight(number << 32 | static_cast<unsigned>(i));
          wrong += map.assign(key, value) == there;
          model[key] = value;
        } else {
          wrong += map.erase(key) != there;
          model.erase(key);
        }
        wrong += map.value(key) != (model.count(key) != 0 ? model[key] : "(absent)");
      } else {
        // Another's: absent, or a value of that key.
        const std::string value = map.value(key);
        wrong += value != "(absent)" && load_big_64(as_bytes(value).data) >> 32 != number;
      }
      map.grace.quiet(t);
    }
  });
  CHECK(wrong == 0);
  std::map<std::string, std::string> all;
  for (const auto& model : models) all.insert(model.begin(), model.end());
  CHECK(map.list.size() == all.size());
  CHECK(map.list.check() == "");
  for (const auto& [key, value] : all) REQUIRE(map.value(key) == value);
}

TEST_CASE("Threads that insert and erase the same hundred keys count what they did, and meet no other's memory") {
  constexpr unsigned threads = 8;
  constexpr std::uint64_t keys = 100;
  const bool snapshots = GENERATE(false, true);
  SharedTest<VariableKey> map(threads + (snapshots ? 1 : 0));
  std::atomic<int> wrong{0};
  std::atomic<std::int64_t> there{0};
  side_by_side(map, threads, snapshots, [&](unsigned t) {
    auto random = test_generator(730 + t);
    std::int64_t own = 0;
    for (int i = 0; i < rounds; ++i) {
      const std::uint64_t number = random() % keys;
      const std::string key = Form<VariableKey>::bytes(number);
      const std::string value = eight(number << 32 | random() % 4);
      switch (random() % 6) {
        case 0:
          own += map.assign(key, value);
          break;
        case 1:
          own += map.insert(key, value);
          break;
        case 2:
          own -= map.erase(key);
          break;
        case 3:
          own -= map.erase_if(key, value);
          break;
        case 4:
          map.replace(key, value, eight(number << 32 | 7));
          break;
        default: {
          const std::string found = map.value(key);
          wrong += found != "(absent)" && load_big_64(as_bytes(found).data) >> 32 != number;
        }
      }
      map.grace.quiet(t);
    }
    there += own;
  });
  CHECK(wrong == 0);
  CHECK(map.list.size() == static_cast<std::size_t>(there.load()));
  CHECK(map.list.check() == "");
}

TEST_CASE("A walk beside writers shows what lasts exactly once, in order") {
  constexpr unsigned threads = 4;
  constexpr std::uint64_t keys = 3000;
  const bool snapshots = GENERATE(false, true);
  SharedTest<WordKey> map(threads + (snapshots ? 1 : 0));
  for (std::uint64_t i = 0; i < keys; i += 3) map.assign(eight(i), eight(i));
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  side_by_side(map, threads, snapshots, [&](unsigned t) {
    auto random = test_generator(720 + t);
    if (t >= 2) {
      while (!done) {
        const std::uint64_t number = random() % keys;
        if (number % 3 == 0) {
          map.assign(eight(number), eight(number));
        } else if (random() % 2 == 0) {
          map.assign(eight(number), eight(number));
        } else {
          map.erase(eight(number));
        }
        map.grace.quiet(t);
      }
      return;
    }
    for (int walk = 0; walk < rounds / 1000; ++walk) {
      std::uint64_t lasting = 0;
      std::uint64_t last = 0;
      Cursor cursor;
      const bool forward = walk % 2 == 0;
      bool stands = forward ? map.list.first(cursor) : map.list.last(cursor);
      for (bool first = true; stands; first = false) {
        const std::uint64_t number = load_big_64(as_bytes(map.key_at(cursor)).data);
        wrong += !first && (forward ? number <= last : number >= last);
        wrong += map.value_at(cursor) != map.key_at(cursor);
        lasting += number % 3 == 0;
        last = number;
        stands = forward ? map.list.next(cursor) : map.list.previous(cursor);
      }
      wrong += lasting != keys / 3;
      map.grace.quiet(t);
    }
    if (t == 0) done = true;
  });
  CHECK(wrong == 0);
  CHECK(map.list.check() == "");
}

TEST_CASE("Compare-and-replace by several threads loses no increment") {
  constexpr unsigned threads = 4;
  const bool snapshots = GENERATE(false, true);
  SharedTest<WordKey> map(threads + (snapshots ? 1 : 0));
  map.assign(eight(7), eight(0));
  side_by_side(map, threads, snapshots, [&](unsigned t) {
    for (int i = 0; i < rounds / 10; ++i) {
      for (;;) {
        const std::string value = map.value(eight(7));
        if (map.replace(eight(7), value, eight(load_big_64(as_bytes(value).data) + 1))) break;
        map.grace.quiet(t);
      }
      map.grace.quiet(t);
    }
  });
  CHECK(map.value(eight(7)) == eight(threads * (rounds / 10)));
  CHECK(map.list.check() == "");
}
