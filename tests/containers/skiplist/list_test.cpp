// List: against std::map, with failing memory, at its limits.

#include "containers/skiplist/list.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

// Random writes and finds on a list and on its model, with a check of everything now and then.
// `key` makes a key from a number.
template <class Key, class MakeKey>
void compare_with_model(TestList<Key>& map, std::mt19937_64& random, std::size_t operations, MakeKey key) {
  std::map<std::string, std::string> model;
  const bool variable = map.list.layout().variable_value;
  unsigned inserts = 5;  // of 10 writes
  for (std::size_t i = 0; i < operations; ++i) {
    if (i % (operations / 8 + 1) == 0) inserts = 2 + static_cast<unsigned>(random() % 7);
    const std::string k = key(random());
    std::string v = variable ? std::string(random() % 40, 'v') : big_endian_string(random());
    if (variable && !v.empty()) v[0] = static_cast<char>(random());
    CAPTURE(i, k);
    const unsigned choice = static_cast<unsigned>(random() % 12);
    if (choice < inserts) {
      REQUIRE(map.assign(k, v) == model.insert_or_assign(k, v).second);
    } else if (choice < 10) {
      REQUIRE(map.erase(k) == (model.erase(k) == 1));
    } else if (choice == 10) {
      REQUIRE(map.insert(k, v) == model.emplace(k, v).second);
    }
    const auto found = model.find(k);
    REQUIRE(map.contains(k) == (found != model.end()));
    if (found != model.end()) REQUIRE(map.value(k) == found->second);
    REQUIRE(map.list.size() == model.size());
    if (i % (i < 500 ? 9 : 1501) == 0) REQUIRE(map.list.check() == "");
  }
  REQUIRE(map.list.check() == "");
  std::vector<std::string> keys;
  for (const auto& [k, v] : model) keys.push_back(k);
  REQUIRE(map.keys() == keys);
}

Layout with_variable_values(Layout layout) {
  layout.variable_value = true;
  layout.value_bytes = 0;
  return layout;
}

}  // namespace

TEMPLATE_TEST_CASE("A list of each form of key does what std::map does", "", WordKey, FixedKey, VariableKey) {
  auto random = test_generator(30);
  for (const std::uint64_t space : {5ULL, 300ULL, 20000ULL}) {
    for (const bool variable_values : {false, true}) {
      CAPTURE(space, variable_values);
      const Layout& layout = Form<TestType>::layout;
      TestList<TestType> map(variable_values ? with_variable_values(layout) : layout);
      const bool scattered = random() % 2 == 0;
      compare_with_model(map, random, 15000, [&](std::uint64_t number) {
        return Form<TestType>::bytes(number % space * (scattered ? 0x9E3779B97F4A7C15 : 1));
      });
    }
  }
}

TEST_CASE("A list of any strings does what std::map does") {
  auto random = test_generator(31);
  TestList<VariableKey> map(with_variable_values(Form<VariableKey>::layout));
  SECTION("short ones of few letters, also none, also zeros") {
    compare_with_model(map, random, 20000, [&](std::uint64_t number) {
      std::string key(number % 6, '\0');
      for (char& c : key)
        c = "\0\xFF"
            "ab"[random() % 4];
      return key;
    });
  }
  SECTION("of 8 to 40 bytes") {
    compare_with_model(map, random, 20000, [&](std::uint64_t number) {
      const std::string digits = std::to_string(number % 3000);
      return digits + std::string(8 + std::hash<std::string>()(digits) % 33 - digits.size(), 'm');
    });
  }
  SECTION("two kinds and strangers") {
    compare_with_model(map, random, 20000, [&](std::uint64_t number) {
      const std::string digits = std::to_string(1000000 + number % 4000);
      if (number % 4000 < 20) return digits.substr(5);
      return (number % 2 == 0 ? "key:0000" : "user:profile:") + digits;
    });
  }
  SECTION("which share 64 KiB") {
    const std::string shared(65536, 's');
    compare_with_model(map, random, 1200, [&](std::uint64_t number) {
      return number % 16 == 0 ? std::to_string(number % 5) : shared + std::to_string(number % 300);
    });
  }
}

TEST_CASE("An empty list has no memory and a small head") {
  TestList<VariableKey> map;
  CHECK(sizeof(map.list) <= 184);
  CHECK_FALSE(map.contains(""));
  CHECK_FALSE(map.erase(""));
  map.list.clear();
  Cursor cursor;
  CHECK_FALSE(map.list.first(cursor));
  CHECK_FALSE(map.list.next(cursor));
  CHECK_FALSE(map.list.previous(cursor));
  map.list.close(cursor);
  CHECK(map.memory.indices.empty());
  CHECK(map.list.touched_bytes() == 0);
  map.assign("one key", "12345678");
  CHECK(map.list.touched_bytes() == 128);
}

TEST_CASE("A cleared list begins anew") {
  TestList<VariableKey> map;
  for (int i = 0; i < 3000; ++i) map.assign(std::to_string(i), "12345678");
  map.list.clear();
  map.memory.drop_segments();
  CHECK(map.list.size() == 0);
  CHECK(map.list.touched_bytes() == 0);
  CHECK(map.list.bytes_in_use() == 0);
  CHECK_FALSE(map.contains("17"));
  CHECK(map.list.check() == "");
  CHECK(map.assign("17", "abcdefgh"));
  CHECK(map.value("17") == "abcdefgh");
}

TEST_CASE("Sizes past the limits are refused and change nothing") {
  const Layout layout = with_variable_values(Form<VariableKey>::layout);
  TestList<VariableKey> map(layout);
  map.assign("there", "value");
  const std::string key(Layout::max_key_bytes + 1, 'k');
  CHECK_THROWS_AS(map.assign(key, "v"), std::length_error);
  const Bytes large{as_bytes("x").data, Layout::max_value_bytes + 1};
  CHECK_THROWS_AS(map.list.upsert(map.memory, key_of<VariableKey>("new"), large, Write::assign), std::length_error);
  CHECK_THROWS_AS(map.list.upsert(map.memory, key_of<VariableKey>("there"), large, Write::assign), std::length_error);
  CHECK(map.value("there") == "value");
  CHECK(map.list.size() == 1);
  CHECK(map.list.check() == "");
  CHECK(map.assign(key.substr(1), "longest"));
  CHECK(map.value(key.substr(1)) == "longest");
  CHECK(map.list.check() == "");
}

TEST_CASE("A write that gets no memory leaves the map as it was") {
  for (unsigned fail_at = 1; fail_at < 12; ++fail_at) {
    CAPTURE(fail_at);
    auto random = test_generator(32);
    TestList<VariableKey> map(with_variable_values(Form<VariableKey>::layout));
    map.memory.fail_at = fail_at;
    std::map<std::string, std::string> model;
    int refused = 0;
    for (int i = 0; i < 20000 && refused < 50; ++i) {
      const std::string key = std::to_string(random() % 5000);
      const std::string value(random() % 60, 'v');
      try {
        map.assign(key, value);
        model[key] = value;
      } catch (const std::bad_alloc&) {
        ++refused;
        REQUIRE(map.list.check() == "");
        REQUIRE(map.contains(key) == (model.count(key) == 1));
        if (model.count(key) == 1) REQUIRE(map.value(key) == model[key]);
      }
    }
    CHECK(refused == 50);
    REQUIRE(map.list.size() == model.size());
    for (const auto& [key, value] : model) REQUIRE(map.value(key) == value);
    for (const auto& [key, value] : model) REQUIRE(map.erase(key));
    REQUIRE(map.list.check() == "");
    map.memory.fail_at = 0;
    CHECK(map.assign("again", "v"));
  }
}

TEST_CASE("A list whose arena is full says so, keeps what it has, and has room again when some of it goes") {
  TestList<VariableKey> map(Form<VariableKey>::layout, 9);
  std::vector<std::string> keys;
  try {
    for (int i = 0;; ++i) {
      const std::string key = "key:" + std::to_string(100000 + i * 7919 % 100000);
      map.assign(key, "12345678");
      keys.push_back(key);
    }
  } catch (const std::length_error&) {
  }
  CHECK(keys.size() > 1000);
  CHECK(map.list.size() == keys.size());
  CHECK(map.list.check() == "");
  for (const std::string& key : keys) REQUIRE(map.contains(key));
  // All but the few that stay as fences.
  for (std::size_t i = 0; i < keys.size(); i += 4) REQUIRE(map.erase(keys[i]));
  std::size_t back = 0;
  try {
    for (std::size_t i = 0; i < keys.size(); i += 4) back += map.assign(keys[i], "87654321") ? 1 : 0;
  } catch (const std::length_error&) {
  }
  CHECK(back > keys.size() / 4 * 9 / 10);
  for (const std::string& key : keys) CHECK_FALSE((map.contains(key) && map.assign(key, "overhaul")));
  CHECK(map.list.check() == "");
  CHECK(map.list.size() == keys.size() - (keys.size() + 3) / 4 + back);
}

TEMPLATE_TEST_CASE("A hundred turnovers of a map leave its arena about as large as it was", "", FixedKey, VariableKey) {
  Layout layout = Form<TestType>::layout;
  const bool variable_values = GENERATE(false, true);
  if (variable_values) layout = with_variable_values(layout);
  auto random = test_generator(33);
  TestList<TestType> map(layout);
  const auto value = [&] { return variable_values ? std::string(random() % 200, 'v') : std::string("12345678"); };
  std::vector<std::string> keys;
  for (int i = 0; i < 3000; ++i) {
    keys.push_back(Form<TestType>::bytes(random()));
    map.assign(keys.back(), value());
  }
  const std::size_t built = map.list.touched_bytes();
  for (std::size_t i = 0; i < 100 * keys.size(); ++i) {
    std::string& key = keys[random() % keys.size()];
    REQUIRE(map.erase(key));
    key = Form<TestType>::bytes(random());
    REQUIRE(map.assign(key, value()));
  }
  CHECK(map.list.check() == "");
  // So small a map is a hundred pages: chance moves it by some of them. Lost memory would double it.
  CHECK(map.list.touched_bytes() < built * 3 / 2);
}

TEST_CASE("An overwritten reference is dropped, and so is an erased one") {
  const Layout layout{.reference = true, .key_bytes = 8, .value_bytes = 4};
  TestList<WordKey> map(layout);
  const auto index = [](std::uint32_t number) {
    return std::string(reinterpret_cast<const char*>(&number), sizeof number);
  };
  const std::string key = big_endian_string(1);
  const std::string other = big_endian_string(2);
  map.assign(key, index(10));
  map.insert(key, index(11));  // is there: left alone
  CHECK(map.memory.dropped.empty());
  map.assign(key, index(12));
  CHECK(map.memory.dropped == std::vector<std::uint32_t>{10});
  map.assign(other, index(13));
  map.erase(key);
  CHECK(map.memory.dropped == std::vector<std::uint32_t>{10, 12});

  Cursor cursor;
  map.list.first(cursor);
  map.assign(other, index(14));
  map.erase(other);
  CHECK(map.value_at(cursor) == index(13));
  CHECK(map.memory.dropped.size() == 2);
  map.list.close(cursor);
  map.erase(key);
  CHECK(std::set<std::uint32_t>(map.memory.dropped.begin(), map.memory.dropped.end()) ==
        std::set<std::uint32_t>{10, 12, 13, 14});
}

TEMPLATE_TEST_CASE("Keys that come in order do what others do, whatever comes between", "", WordKey, FixedKey,
                   VariableKey) {
  auto random = test_generator(36);
  TestList<TestType> map;
  std::map<std::string, std::string> model;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    const unsigned dice = static_cast<unsigned>(random() % 100);
    at = dice < 2 ? random() % 5000 : dice < 90 ? at + 1 : at - random() % 3;
    const std::string k = Form<TestType>::bytes(at);
    const std::string v = big_endian_string(random());
    CAPTURE(i, k);
    if (dice == 99) {
      map.list.clear();
      map.memory.drop_segments();
      model.clear();
    } else if (dice >= 92) {
      const std::string gone = dice >= 95 ? k : Form<TestType>::bytes(at - random() % 2000);
      REQUIRE(map.erase(gone) == (model.erase(gone) == 1));
    } else {
      REQUIRE(map.assign(k, v) == model.insert_or_assign(k, v).second);
    }
    REQUIRE(map.list.size() == model.size());
    if (i % 997 == 0) REQUIRE(map.list.check() == "");
  }
  REQUIRE(map.list.check() == "");
  for (const auto& [k, v] : model) REQUIRE(map.value(k) == v);
}

TEST_CASE("Keys close to the one before, and strangers among them, do what they do in std::map") {
  auto random = test_generator(37);
  TestList<VariableKey> map;
  std::map<std::string, std::string> model;
  std::string k = "a common begin, ";
  for (int i = 0; i < 60000; ++i) {
    // Bytes that pieces take for keys outside of the prefix, among others.
    constexpr char bytes[] = {'\0', '\1', 'a', 'b', '\xFE', '\xFF'};
    const char byte = bytes[random() % sizeof bytes];
    switch (random() % 8) {
      case 0:
        k.resize(random() % (k.size() + 1));
        break;
      case 1:
      case 2:
        k += byte;
        break;
      case 3:
        k = std::string(random() % 4, byte);
        break;
      case 4:
        k = "a common begin, " + std::to_string(random() % 3000);
        break;
      default:
        if (!k.empty()) ++k[k.size() - 1 - random() % std::min<std::size_t>(k.size(), 6)];
    }
    if (k.size() > 30) k.resize(12);
    CAPTURE(i, k);
    if (random() % 4 == 0) {
      REQUIRE(map.erase(k) == (model.erase(k) == 1));
    } else {
      const std::string v = big_endian_string(random());
      REQUIRE(map.assign(k, v) == model.insert_or_assign(k, v).second);
    }
    if (i % 1999 == 0) REQUIRE(map.list.check() == "");
  }
  REQUIRE(map.list.size() == model.size());
  REQUIRE(map.list.check() == "");
  for (const auto& [key, value] : model) REQUIRE(map.value(key) == value);
}
