// Layout: where keys and values are, for shapes of all kinds.

#include "containers/hash/layout.hpp"

#include <set>
#include <vector>

#include "tests/support/catch.hpp"

using midden::KeyKind;
using midden::MapShape;
using midden::ValueKind;
using midden::containers::hash::Held;
using midden::containers::hash::Layout;
using midden::containers::hash::slots_per_bucket;

namespace {

std::vector<MapShape> shapes() {
  std::vector<MapShape> result;
  for (const MapShape key :
       {MapShape{KeyKind::word, ValueKind::fixed, 8, 0}, MapShape{KeyKind::fixed, ValueKind::fixed, 1, 0},
        MapShape{KeyKind::fixed, ValueKind::fixed, 12, 0}, MapShape{KeyKind::fixed, ValueKind::fixed, 16, 0},
        MapShape{KeyKind::fixed, ValueKind::fixed, 64, 0}, MapShape{KeyKind::fixed, ValueKind::fixed, 65, 0},
        MapShape{KeyKind::variable, ValueKind::fixed, 0, 0}}) {
    for (const std::uint32_t bytes : {0U, 1U, 4U, 8U, 13U, 128U, 129U, 4096U}) {
      result.push_back({key.key, ValueKind::fixed, key.key_bytes, bytes});
    }
    result.push_back({key.key, ValueKind::variable, key.key_bytes, 0});
    result.push_back({key.key, ValueKind::reference, key.key_bytes, 8});
  }
  return result;
}

}  // namespace

TEST_CASE("Keys and values of a bucket lie apart, inside it, and references are aligned") {
  alignas(16) static std::byte bucket[2048];
  for (const MapShape& shape : shapes()) {
    CAPTURE(static_cast<int>(shape.key), shape.key_bytes, static_cast<int>(shape.value), shape.value_bytes);
    const Layout layout(shape);
    std::set<const std::byte*> taken;
    std::size_t bytes = midden::containers::hash::head_bytes;
    const auto take = [&](const std::byte* from, std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i) taken.insert(from + i);
      bytes += count;
    };
    for (std::size_t i = 0; i < midden::containers::hash::head_bytes; ++i) taken.insert(bucket + i);
    for (unsigned slot = 0; slot < slots_per_bucket; ++slot) {
      const std::byte* const key = layout.key(bucket, slot);
      const std::byte* const value = layout.value(bucket, slot);
      take(key, layout.key_bytes());
      take(value, layout.value_bytes());
      if (layout.key_refs()) CHECK((key - bucket) % 8 == 0);
      if (layout.value_refs()) CHECK((value - bucket) % 8 == 0);
    }
    CHECK(taken.size() == bytes);
    CHECK(*taken.rbegin() < bucket + layout.stride());
    CHECK(layout.stride() % 8 == 0);
    CHECK(layout.stride() == bytes);
    CHECK((layout.stride() << layout.chunk_log2()) <= Layout::most_chunk_bytes);
  }
}

TEST_CASE("Small keys and values stand in the bucket, others in objects of their own") {
  const auto keys = [](KeyKind kind, std::uint32_t bytes) { return Layout({kind, ValueKind::fixed, bytes, 8}).keys(); };
  CHECK(keys(KeyKind::word, 8) == Held::in_slot);
  CHECK(keys(KeyKind::fixed, 64) == Held::in_slot);
  CHECK(keys(KeyKind::fixed, 65) == Held::as_bytes);
  CHECK(keys(KeyKind::variable, 0) == Held::as_bytes);
  const auto values = [](ValueKind kind, std::uint32_t bytes) {
    return Layout({KeyKind::word, kind, 8, bytes}).values();
  };
  CHECK(values(ValueKind::fixed, 128) == Held::in_slot);
  CHECK(values(ValueKind::fixed, 129) == Held::as_bytes);
  CHECK(values(ValueKind::variable, 0) == Held::as_bytes);
  CHECK(values(ValueKind::reference, 8) == Held::as_reference);
}

TEST_CASE("A bucket of words without values of references holds nothing to scan") {
  CHECK(Layout({KeyKind::word, ValueKind::fixed, 8, 8}).leaf());
  CHECK(Layout({KeyKind::fixed, ValueKind::fixed, 40, 100}).leaf());
  CHECK_FALSE(Layout({KeyKind::variable, ValueKind::fixed, 0, 8}).leaf());
  CHECK_FALSE(Layout({KeyKind::word, ValueKind::reference, 8, 8}).leaf());
}
