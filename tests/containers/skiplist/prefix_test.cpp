// Prefixes: searches look at few whole keys, whatever strangers there are among the keys. Whole
// keys are counted by a form of key that counts; a limit on a count is not one on time.

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "containers/skiplist/search.hpp"
#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

// A VariableKey that counts how many entries it is compared with.
class CountedKey {
 public:
  CountedKey(Bytes bytes, std::size_t& count) : key_(bytes), count_(count) {}
  std::size_t size() const noexcept { return key_.size(); }
  std::uint32_t piece(std::size_t at) const noexcept { return key_.piece(at); }
  int compare(const std::byte* entry, std::size_t known) const noexcept {
    ++count_;
    return key_.compare(entry, known);
  }
  int compare_prefix(const std::byte* entry, std::size_t known, std::size_t size) const noexcept {
    ++count_;
    return key_.compare_prefix(entry, known, size);
  }
  bool equal(const std::byte* entry) const noexcept {
    ++count_;
    return key_.equal(entry);
  }

 private:
  VariableKey key_;
  std::size_t& count_;
};

std::string decimal(const char* form, std::uint64_t number) {
  char text[64];
  std::snprintf(text, sizeof text, form, number);
  return text;
}

constexpr std::size_t key_count = 30000;

// Entries looked at for one find of a present key, on average.
double entries_per_find(std::vector<std::string> keys, const std::vector<std::string>& strangers) {
  auto random = test_generator(20);
  std::vector<std::string> all = keys;
  all.insert(all.end(), strangers.begin(), strangers.end());
  std::shuffle(all.begin(), all.end(), random);
  Towers towers(Form<VariableKey>::layout, random(), Arena::max_segments);
  TestMemory memory;
  for (const std::string& text : all) {
    const VariableKey key(as_bytes(text));
    Towers::Place place;
    place.found = false;
    if (!towers.empty()) towers.locate(key, place);
    if (place.found) continue;
    Towers::Spare spare(towers, memory, place);
    const Offset entry = towers.arena().allocate(memory, towers.layout().bytes(text.size(), 8));
    store_32(towers.entry(entry), 0);
    key.store(towers.entry(entry));
    towers.insert(place, spare, entry);
  }
  std::size_t count = 0;
  for (const std::string& key : keys) REQUIRE(towers.find(CountedKey(as_bytes(key), count)) != 0);
  for (const std::string& key : strangers) {
    std::size_t ignored = 0;
    REQUIRE(towers.find(CountedKey(as_bytes(key), ignored)) != 0);
  }
  return static_cast<double>(count) / static_cast<double>(keys.size());
}

std::vector<std::string> like_keys(const char* form) {
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < key_count; ++i) keys.push_back(decimal(form, i));
  return keys;
}

}  // namespace

TEST_CASE("A find looks at the entry it finds and hardly at another") {
  SECTION("keys that differ at their end") { CHECK(entries_per_find(like_keys("key:%012" PRIu64), {}) < 2.6); }
  SECTION("keys that differ in their first bytes") {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < key_count; ++i) keys.push_back(big_endian_string(i * 0x9E3779B97F4A7C15));
    CHECK(entries_per_find(keys, {}) < 1.6);
  }
  SECTION("keys that share a prefix longer than most keys") {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < key_count / 10; ++i) {
      keys.push_back(std::string(3000, 'p') + decimal("%012" PRIu64, i));
    }
    CHECK(entries_per_find(keys, {}) < 3.5);
  }
  SECTION("keys that share 64 KiB, more than a prefix can be") {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < 400; ++i) keys.push_back(std::string(65536, 'p') + decimal("%04" PRIu64, i));
    CHECK(entries_per_find(keys, {}) < 6);
  }
}

TEST_CASE("A stranger among like keys takes their prefix from none of them") {
  const std::vector<std::string> keys = like_keys("key:%012" PRIu64);
  const double alone = entries_per_find(keys, {});
  CHECK(entries_per_find(keys, {"a"}) < alone + 1);
  CHECK(entries_per_find(keys, {"z"}) < alone + 1);
  CHECK(entries_per_find(keys, {"", "a", "z", std::string("\xFF\xFF\xFF\xFF\xFF")}) < alone + 1.5);
  CHECK(entries_per_find(keys, {"key:0000000150001", "key:", "key:00000001500"}) < alone + 1);
}

TEST_CASE("Two kinds of keys cost some ties where they meet, no more") {
  std::vector<std::string> keys = like_keys("key:%012" PRIu64);
  const std::vector<std::string> others = like_keys("user:%012" PRIu64);
  keys.insert(keys.end(), others.begin(), others.end());
  CHECK(entries_per_find(keys, {}) < 8);
}

TEST_CASE("Keys of zeros and of 0xFF are told from those beside a prefix") {
  // Pieces of 0 and of 0xFFFFFFFF that are true, among ones that stand for strangers.
  TestList<VariableKey> map;
  std::vector<std::string> keys;
  for (const char middle : {'\0', 'm', '\xFF'}) {
    for (std::size_t length = 0; length < 12; ++length) {
      for (const char c : {'\0', '\x01', 'a', '\xFE', '\xFF'}) {
        keys.push_back(std::string(20, middle) + std::string(length, c));
        keys.push_back(std::string(20, middle) + std::string(length, c) + "tail");
      }
    }
  }
  auto random = test_generator(21);
  std::shuffle(keys.begin(), keys.end(), random);
  std::vector<std::string> sorted;
  for (const std::string& key : keys) {
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), key);
    const bool is_new = place == sorted.end() || *place != key;
    REQUIRE(map.assign(key, "12345678") == is_new);
    if (is_new) sorted.insert(place, key);
    REQUIRE(map.list.check() == "");
  }
  CHECK(map.keys() == sorted);
  std::shuffle(keys.begin(), keys.end(), random);
  for (const std::string& key : keys) {
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), key);
    const bool is_there = place != sorted.end() && *place == key;
    REQUIRE(map.erase(key) == is_there);
    if (is_there) sorted.erase(place);
    REQUIRE(map.list.check() == "");
    REQUIRE(map.keys() == sorted);
  }
}

TEST_CASE("Pieces stay right while clusters of keys with prefixes of their own come and go") {
  auto random = test_generator(22);
  for (int round = 0; round < 4; ++round) {
    TestList<VariableKey> map;
    std::vector<std::vector<std::string>> clusters;
    for (int c = 0; c < 40; ++c) {
      // Beginnings of few letters and any length, so that some begin others.
      std::string begin(random() % 12, 'a');
      for (char& letter : begin) letter = static_cast<char>('a' + random() % 2);
      std::vector<std::string> members;
      for (std::uint64_t left = random() % 80; left > 0; --left) {
        members.push_back(begin + big_endian_string(random() % 1000).substr(random() % 8));
      }
      clusters.push_back(std::move(members));
    }
    std::vector<std::string> sorted;
    const auto write = [&](bool insert, const std::string& key) {
      const auto place = std::lower_bound(sorted.begin(), sorted.end(), key);
      const bool is_there = place != sorted.end() && *place == key;
      if (insert) {
        REQUIRE(map.assign(key, "12345678") != is_there);
        if (!is_there) sorted.insert(place, key);
      } else {
        REQUIRE(map.erase(key) == is_there);
        if (is_there) sorted.erase(place);
      }
      REQUIRE(map.list.check() == "");
    };
    for (int step = 0; step < 150; ++step) {
      const auto& cluster = clusters[random() % clusters.size()];
      const bool insert = step < 40 || random() % 2 == 0;
      for (const std::string& key : cluster) write(insert, key);
      for (const std::string& key : sorted) REQUIRE(map.contains(key));
      for (const auto& other : clusters) {
        for (const std::string& key : other) {
          REQUIRE(map.contains(key) == std::binary_search(sorted.begin(), sorted.end(), key));
        }
      }
    }
    REQUIRE(map.keys() == sorted);
  }
}

TEST_CASE("Keys longer than a prefix can be are still told apart") {
  TestList<VariableKey> map;
  const std::string prefix(70000, 'q');
  for (int i = 0; i < 200; ++i) REQUIRE(map.assign(prefix + std::to_string(i * 37 % 200), "12345678"));
  CHECK(map.list.check() == "");
  for (int i = 0; i < 200; ++i) CHECK(map.contains(prefix + std::to_string(i)));
  CHECK_FALSE(map.contains(prefix));
  CHECK_FALSE(map.contains(prefix + "200"));
  const std::vector<std::string> keys = map.keys();
  CHECK(std::is_sorted(keys.begin(), keys.end()));
  CHECK(keys.size() == 200);
}
