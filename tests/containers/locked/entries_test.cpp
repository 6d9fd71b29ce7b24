// What is copied out of maps under their locks comes back as it was, in its order.

#include "containers/locked/entries.hpp"

#include <string>
#include <utility>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::KeyKind;
using midden::MapFound;
using midden::MapKey;
using midden::MapShape;
using midden::MapValue;
using midden::Ref;
using midden::Root;
using midden::Runtime;
using midden::ValueKind;
using midden::containers::locked::Entries;

namespace {

using Pair = std::pair<std::string, std::string>;

struct Box {
  std::int64_t number = 0;
  static constexpr midden::Leaf midden_leaf{};
};
struct Holder {
  Ref<void> box;
  static constexpr auto midden_refs = midden::refs<Holder>(&Holder::box);
};

MapKey key_of(const std::string& bytes) { return {bytes.size(), reinterpret_cast<const std::byte*>(bytes.data())}; }
std::string text_of(const void* data, std::size_t size) { return {static_cast<const char*>(data), size}; }

std::vector<Pair> all_of(const Entries& entries) {
  std::vector<Pair> found;
  entries.for_each([&](MapKey key, MapValue value) {
    found.emplace_back(text_of(key.data, key.word), text_of(value.data, value.size));
  });
  return found;
}

// Pairs of sizes around whole words; fixed ones where a size is given.
std::vector<Pair> some_pairs(std::size_t count, std::size_t key_bytes, std::size_t value_bytes) {
  auto random = test_generator(810);
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes = [&](std::size_t fixed) {
      std::string made(fixed != 0 ? fixed : random() % 40, '\0');
      for (char& byte : made) byte = static_cast<char>(random());
      return made;
    };
    pairs.emplace_back(bytes(key_bytes), bytes(value_bytes));
  }
  return pairs;
}

}  // namespace

TEST_CASE("Keys and values of bytes come back as they were, whatever their sizes") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const std::uint32_t key_bytes = GENERATE(0U, 3U, 8U, 17U);
  const std::uint32_t value_bytes = GENERATE(0U, 1U, 8U, 13U);
  const MapShape shape{key_bytes == 0 ? KeyKind::variable : KeyKind::fixed,
                       value_bytes == 0 ? ValueKind::variable : ValueKind::fixed, key_bytes, value_bytes};
  Entries entries(here, shape, 0);
  const std::vector<Pair> pairs = some_pairs(5000, key_bytes, value_bytes);
  CHECK(entries.has_room(pairs.size()));
  for (const auto& [key, value] : pairs) entries.add(key_of(key), MapFound{value.data(), value.size()});
  CHECK(all_of(entries) == pairs);
  entries.clear();
  CHECK(all_of(entries).empty());
  entries.add(key_of(pairs[7].first), MapFound{pairs[7].second.data(), pairs[7].second.size()});
  CHECK(all_of(entries) == std::vector<Pair>{pairs[7]});
}

TEST_CASE("Keys that are words, and values of no bytes, take no more than the word") {
  Runtime runtime(map_config());
  Attach here(runtime);
  Entries entries(here, {KeyKind::word, ValueKind::fixed, 8, 0}, 0);
  for (std::uint64_t i = 0; i < 1000; ++i) entries.add({i * i, nullptr}, {"", 0});
  std::uint64_t next = 0;
  entries.for_each([&](MapKey key, MapValue value) {
    must(key.word == next * next && key.data == nullptr, "another key");
    must(value.size == 0, "a value of some bytes");
    ++next;
  });
  CHECK(next == 1000);
}

TEST_CASE("A value larger than a block has one of its own") {
  Runtime runtime(map_config());
  Attach here(runtime);
  Entries entries(here, {KeyKind::variable, ValueKind::variable, 0, 0}, 0);
  const std::vector<Pair> pairs{{"a", "b"}, {"large", std::string((std::size_t{3} << 20) + 5, 'x')}, {"c", ""}};
  for (const auto& [key, value] : pairs) entries.add(key_of(key), MapFound{value.data(), value.size()});
  CHECK(all_of(entries) == pairs);
}

TEST_CASE("Objects among the entries are kept alive, as far as there was room made for them") {
  Runtime runtime(stressed_config(1));
  Attach here(runtime);
  constexpr std::size_t room = 50;
  Entries entries(here, {KeyKind::word, ValueKind::reference, 8, 8}, room);
  CHECK(entries.has_room(room));
  CHECK_FALSE(entries.has_room(room + 1));
  for (std::size_t i = 0; i < room; ++i) {
    const Root<Holder> holder = midden::make<Holder>(here);
    const Root<Box> box = midden::make<Box>(here);
    box->number = static_cast<std::int64_t>(i);
    holder->box = Root<void>(box);
    entries.add({i, nullptr}, MapFound{&holder->box, sizeof holder->box});
  }
  runtime.collect();
  std::int64_t next = 0;
  entries.for_each([&](MapKey key, MapValue value) {
    must(key.word == static_cast<std::uint64_t>(next), "another key");
    must(static_cast<const Box*>(value.data)->number == next, "another object");
    ++next;
  });
  CHECK(next == room);
}
