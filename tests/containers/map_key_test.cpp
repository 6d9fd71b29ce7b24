// KeyCodec: what keys become, for each kind of key, and that the order of words is that of numbers.

#include <midden/map_key.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using midden::KeyCodec;
using midden::KeyKind;

namespace {

enum class Level : std::int8_t { low = -3, middle = 0, high = 7 };

struct Pair {
  std::uint32_t first;
  std::uint32_t second;
  bool operator==(const Pair&) const = default;
};

struct Path {
  std::string tenant;
  std::string name;
};

}  // namespace

template <>
struct midden::KeyCodec<Path> {
  static constexpr KeyKind kind = KeyKind::variable;
  static std::string encode(const Path& key) { return key.tenant + '\0' + key.name; }
  static Path decode(std::string_view bytes) {
    const std::size_t end = bytes.find('\0');
    return {std::string(bytes.substr(0, end)), std::string(bytes.substr(end + 1))};
  }
};

TEMPLATE_TEST_CASE("Integers become words that order as they do and come back", "", std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, char, bool) {
  using Codec = KeyCodec<TestType>;
  static_assert(Codec::kind == KeyKind::word);
  using Limits = std::numeric_limits<TestType>;
  std::vector<TestType> numbers{Limits::min(),
                                Limits::max(),
                                TestType{0},
                                TestType{1},
                                static_cast<TestType>(Limits::max() / 2),
                                static_cast<TestType>(Limits::min() / 2)};
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CHECK(Codec::decode(Codec::encode(numbers[i])) == numbers[i]);
    if (i > 0) CHECK((Codec::encode(numbers[i - 1]) < Codec::encode(numbers[i])) == (numbers[i - 1] < numbers[i]));
  }
}

TEST_CASE("Narrow unsigned keys are extended with zeros") {
  CHECK(KeyCodec<std::uint8_t>::encode(255) == 255);
  CHECK(KeyCodec<std::uint32_t>::encode(0xFFFFFFFF) == 0xFFFFFFFF);
  CHECK(KeyCodec<std::int8_t>::encode(-128) == 0);
  CHECK(KeyCodec<std::int64_t>::encode(-1) == 0x7FFFFFFFFFFFFFFF);
}

TEST_CASE("Enumerations order as their numbers") {
  using Codec = KeyCodec<Level>;
  CHECK(Codec::encode(Level::low) < Codec::encode(Level::middle));
  CHECK(Codec::encode(Level::middle) < Codec::encode(Level::high));
  CHECK(Codec::decode(Codec::encode(Level::low)) == Level::low);
}

TEST_CASE("A type with unique bytes is its bytes") {
  static_assert(KeyCodec<Pair>::kind == KeyKind::fixed && KeyCodec<Pair>::bytes == 8);
  std::byte bytes[8];
  KeyCodec<Pair>::encode({1, 2}, bytes);
  CHECK(KeyCodec<Pair>::decode(bytes) == Pair{1, 2});
}

TEST_CASE("A host's codec may make bytes of any length") {
  const midden::detail::EncodedKey<Path> encoded(Path{"tenant", "name"});
  const midden::MapKey key = encoded.key();
  CHECK(key.word == 11);
  const Path path = midden::detail::decode_key<Path>(key);
  CHECK(path.tenant == "tenant");
  CHECK(path.name == "name");
}

TEST_CASE("The empty string has an address") {
  const midden::detail::EncodedKey<std::string_view> encoded{std::string_view{}};
  CHECK(encoded.key().word == 0);
  CHECK(encoded.key().data != nullptr);
}
