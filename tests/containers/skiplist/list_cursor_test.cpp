// Cursors: what they show, and how they go on when the list was written.

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

template <class Key>
struct Filled : TestList<Key> {
  explicit Filled(std::uint64_t count) {
    auto random = test_generator(40);
    std::vector<std::uint64_t> numbers(count);
    for (std::uint64_t i = 0; i < count; ++i) numbers[i] = 2 * i;
    std::shuffle(numbers.begin(), numbers.end(), random);
    for (const std::uint64_t number : numbers) this->assign(Form<Key>::bytes(number), big_endian_string(number));
  }
};

}  // namespace

TEMPLATE_TEST_CASE("A walk shows every key once, forward and backward", "", WordKey, FixedKey, VariableKey) {
  for (const std::uint64_t count : {1ULL, 2ULL, 46ULL, 47ULL, 3000ULL}) {
    const Filled<TestType> map(count);
    Cursor cursor;
    std::uint64_t number = 0;
    for (bool stands = map.list.first(cursor); stands; stands = map.list.next(cursor), number += 2) {
      REQUIRE(map.key_at(cursor) == Form<TestType>::bytes(number));
      REQUIRE(map.value_at(cursor) == big_endian_string(number));
    }
    CHECK(number == 2 * count);
    CHECK_FALSE(map.list.next(cursor));
    CHECK_FALSE(map.list.previous(cursor));
    for (bool stands = map.list.last(cursor); stands; stands = map.list.previous(cursor)) {
      number -= 2;
      REQUIRE(map.key_at(cursor) == Form<TestType>::bytes(number));
    }
    CHECK(number == 0);
    map.list.close(cursor);
    map.list.close(cursor);
    CHECK_FALSE(map.list.has_open_cursors());
  }
}

TEMPLATE_TEST_CASE("A seek finds the first key not below", "", WordKey, FixedKey, VariableKey) {
  const Filled<TestType> map(2000);
  Cursor cursor;
  for (std::uint64_t number = 0; number < 3998; ++number) {
    REQUIRE(map.list.seek(cursor, key_of<TestType>(Form<TestType>::bytes(number))));
    REQUIRE(map.key_at(cursor) == Form<TestType>::bytes(number + number % 2));
    // And both ways from there.
    if (number % 2 == 0 && number > 0) {
      REQUIRE(map.list.previous(cursor));
      REQUIRE(map.key_at(cursor) == Form<TestType>::bytes(number - 2));
      REQUIRE(map.list.next(cursor));
      REQUIRE(map.key_at(cursor) == Form<TestType>::bytes(number));
    }
  }
  CHECK_FALSE(map.list.seek(cursor, key_of<TestType>(Form<TestType>::bytes(3999))));
  map.list.close(cursor);
}

TEST_CASE("What a cursor shows stays through erasing, overwriting, clearing and reuse of memory") {
  Filled<VariableKey> map(3000);
  const std::string key = Form<VariableKey>::bytes(3000);
  Cursor cursor;
  REQUIRE(map.list.seek(cursor, key_of<VariableKey>(key)));
  const auto still_shown = [&] { return map.key_at(cursor) == key && map.value_at(cursor) == big_endian_string(3000); };
  SECTION("overwritten") {
    for (int i = 0; i < 100; ++i) REQUIRE_FALSE(map.assign(key, big_endian_string(7)));
    CHECK(still_shown());
    CHECK(map.value(key) == big_endian_string(7));
  }
  SECTION("erased and inserted again") {
    for (int i = 0; i < 100; ++i) {
      REQUIRE(map.erase(key));
      REQUIRE(map.assign(key, big_endian_string(8)));
    }
    CHECK(still_shown());
  }
  SECTION("everything erased, other keys inserted") {
    for (std::uint64_t i = 0; i < 3000; ++i) REQUIRE(map.erase(Form<VariableKey>::bytes(2 * i)));
    for (std::uint64_t i = 0; i < 3000; ++i) map.assign(Form<VariableKey>::bytes(2 * i + 1), big_endian_string(9));
    CHECK(still_shown());
  }
  SECTION("cleared and filled") {
    map.list.clear();  // the owner keeps the segments
    TestMemory other;
    for (std::uint64_t i = 0; i < 6000; ++i) {
      const std::string text = Form<VariableKey>::bytes(i);
      map.list.upsert(other, key_of<VariableKey>(text), as_bytes("12345678"), Write::assign);
    }
    CHECK(still_shown());
    CHECK(map.list.check() == "");
    CHECK_FALSE(map.list.next(cursor));
    CHECK_FALSE(map.list.previous(cursor));
    map.list.clear();  // before the other memory ends
  }
  CHECK(map.list.check() == "");
  map.list.close(cursor);
}

TEST_CASE("Memory of erased entries comes back when the last cursor has closed") {
  Filled<VariableKey> map(1000);
  const std::size_t used = map.list.bytes_in_use();
  Cursor one;
  Cursor two;
  map.list.first(one);
  map.list.last(two);
  for (std::uint64_t i = 0; i < 500; ++i) map.erase(Form<VariableKey>::bytes(2 * i));
  CHECK(map.list.bytes_in_use() == used);
  map.list.close(one);
  map.erase("not there");
  CHECK(map.list.bytes_in_use() == used);
  map.list.close(two);
  map.erase("not there");
  CHECK(map.list.bytes_in_use() < used * 7 / 10);
  CHECK(map.list.check() == "");
}

TEST_CASE("Values are overwritten in place only while no cursor is open") {
  Filled<WordKey> map(100);
  const std::string key = big_endian_string(50);
  const std::byte* const entry = map.list.find(key_of<WordKey>(key));
  map.assign(key, "in place");
  CHECK(map.list.find(key_of<WordKey>(key)) == entry);
  Cursor cursor;
  map.list.first(cursor);
  map.assign(key, "moved on");
  CHECK(map.list.find(key_of<WordKey>(key)) != entry);
  CHECK(map.value(key) == "moved on");
  map.list.close(cursor);
}

TEST_CASE("A list may be emptied by the walk that shows it") {
  Filled<VariableKey> map(2000);
  Cursor cursor;
  std::uint64_t number = 0;
  for (bool stands = map.list.first(cursor); stands; stands = map.list.next(cursor), number += 2) {
    REQUIRE(map.key_at(cursor) == Form<VariableKey>::bytes(number));
    REQUIRE(map.list.erase(map.memory, VariableKey(map.list.layout().key(cursor.entry))));
  }
  CHECK(number == 4000);
  CHECK(map.list.size() == 0);
  map.list.close(cursor);
  CHECK_FALSE(map.erase("anything"));
  CHECK(map.list.bytes_in_use() % 384 == 0);  // free nodes
  CHECK(map.list.check() == "");
}

TEMPLATE_TEST_CASE("Walks go on as a model does while the list is written", "", WordKey, FixedKey, VariableKey) {
  auto random = test_generator(41);
  TestList<TestType> map;
  std::map<std::string, std::string> model;
  constexpr std::size_t walkers = 4;
  Cursor cursors[walkers];
  std::optional<std::pair<std::string, std::string>> shown[walkers];
  const auto check = [&](std::size_t w, bool stands, const auto& expected, const auto& end) {
    REQUIRE(stands == (expected != end));
    shown[w].reset();
    if (stands) shown[w] = {expected->first, expected->second};
  };
  for (int i = 0; i < 30000; ++i) {
    CAPTURE(i);
    const std::string key = Form<TestType>::bytes(random() % 400);
    const std::string value = big_endian_string(random());
    const std::size_t w = random() % walkers;
    Cursor& cursor = cursors[w];
    switch (random() % 9) {
      case 0:
      case 1:
        REQUIRE(map.assign(key, value) == model.insert_or_assign(key, value).second);
        break;
      case 2:
        REQUIRE(map.erase(key) == (model.erase(key) == 1));
        break;
      case 3:
        check(w, map.list.seek(cursor, key_of<TestType>(key)), model.lower_bound(key), model.end());
        break;
      case 4:
      case 5:
        if (!shown[w]) break;
        check(w, map.list.next(cursor), model.upper_bound(shown[w]->first), model.end());
        break;
      case 6:
        if (!shown[w]) break;
        check(w, map.list.previous(cursor), std::make_reverse_iterator(model.lower_bound(shown[w]->first)),
              model.rend());
        break;
      case 7:
        if (random() % 2 == 0) {
          check(w, map.list.first(cursor), model.begin(), model.end());
        } else {
          check(w, map.list.last(cursor), model.rbegin(), model.rend());
        }
        break;
      default:
        map.list.close(cursor);
        shown[w].reset();
    }
    for (std::size_t each = 0; each < walkers; ++each) {
      REQUIRE((cursors[each].entry != nullptr) == shown[each].has_value());
      if (!shown[each]) continue;
      REQUIRE(map.key_at(cursors[each]) == shown[each]->first);
      REQUIRE(map.value_at(cursors[each]) == shown[each]->second);
    }
    if (i % 777 == 0) REQUIRE(map.list.check() == "");
  }
  for (Cursor& cursor : cursors) map.list.close(cursor);
  CHECK_FALSE(map.list.has_open_cursors());
}
