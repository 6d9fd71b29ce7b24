#pragma once
// What the tests of the skip list share: memory that can fail, bytes, and the three forms of key.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "containers/skiplist/list.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace skiplist_test {

using namespace midden::containers::skiplist;

inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }
inline std::string as_string(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data), bytes.size}; }

// Segments of their exact size, each an allocation of its own, filled with rubbish: a sanitizer
// sees every byte beyond, and nothing can count on zeros.
class TestMemory final : public Memory {
 public:
  std::byte* segment(unsigned index, std::size_t bytes) override {
    if (fail_at != 0 && ++requests >= fail_at) throw std::bad_alloc();
    REQUIRE(bytes == std::size_t{128} << index);
    if (!indices.empty()) REQUIRE(index > indices.back());
    indices.push_back(index);
    segments_.emplace_back(static_cast<std::byte*>(::operator new(bytes, line)), Free{});
    std::memset(segments_.back().get(), 0xA5, bytes);
    return segments_.back().get();
  }
  void drop_reference(std::uint32_t index) noexcept override { dropped.push_back(index); }

  void discard(std::byte* begin, std::size_t bytes) noexcept override {
    std::memset(begin, 0x5A, bytes);
    discarded += bytes;
  }

  // What an owner does when the list was cleared and no cursor is open.
  void drop_segments() {
    segments_.clear();
    indices.clear();
  }

  unsigned fail_at = 0;  // this request fails and all after it; 0: none
  unsigned requests = 0;
  std::vector<unsigned> indices;
  std::vector<std::uint32_t> dropped;
  std::size_t discarded = 0;

 private:
  static constexpr std::align_val_t line{64};
  struct Free {
    void operator()(std::byte* begin) const { ::operator delete(begin, line); }
  };
  std::vector<std::unique_ptr<std::byte, Free>> segments_;
};

// A form of key: the layout of its lists, a key from bytes, and bytes from a number so that the
// order of numbers is that of bytes.
template <class Key>
struct Form;

inline std::string big_endian_string(std::uint64_t number) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xFF);
  return bytes;
}

template <>
struct Form<WordKey> {
  static constexpr Layout layout{.key_bytes = 8, .value_bytes = 8};
  static WordKey key(std::string_view bytes) { return WordKey(load_big_64(as_bytes(bytes).data)); }
  static std::string bytes(std::uint64_t number) { return big_endian_string(number); }
};

template <>
struct Form<FixedKey> {
  static constexpr Layout layout{.key_bytes = 19, .value_bytes = 8};
  static FixedKey key(std::string_view bytes) { return FixedKey(as_bytes(bytes)); }
  static std::string bytes(std::uint64_t number) { return "fixed:" + big_endian_string(number) + std::string(5, '\0'); }
};

template <>
struct Form<VariableKey> {
  static constexpr Layout layout{.variable_key = true, .value_bytes = 8};
  static VariableKey key(std::string_view bytes) { return VariableKey(as_bytes(bytes)); }
  static std::string bytes(std::uint64_t number) {
    return "variable:" + big_endian_string(number) + std::string(number % 40, 'x');
  }
};

template <class Key>
Key key_of(std::string_view bytes) {
  return Form<Key>::key(bytes);
}

// All leaves in order.
inline std::vector<Offset> leaves_of(const Levels& levels, Levels::Top top) {
  if (top.node == 0) return {};
  std::vector<Offset> nodes{top.node};
  for (unsigned level = top.level; level > 0; --level) {
    std::vector<Offset> below;
    for (const Offset at : nodes) {
      for (unsigned i = 0; i < levels.node(at).count; ++i) below.push_back(levels.node(at).target(i));
    }
    nodes.swap(below);
  }
  return nodes;
}
inline std::vector<Offset> leaves_of(const Towers& towers) { return leaves_of(towers, towers.top()); }

// A list with its memory, and keys and values as strings.
template <class Key>
class TestList {
 public:
  explicit TestList(const Layout& layout = Form<Key>::layout, unsigned segment_limit = Arena::max_segments)
      : list(layout, test_generator(77)(), segment_limit) {}

  bool assign(std::string_view key, std::string_view value) {
    return list.upsert(memory, key_of<Key>(key), as_bytes(value), Write::assign).inserted;
  }
  bool insert(std::string_view key, std::string_view value) {
    return list.upsert(memory, key_of<Key>(key), as_bytes(value), Write::if_absent).inserted;
  }
  bool erase(std::string_view key) { return list.erase(memory, key_of<Key>(key)); }
  bool contains(std::string_view key) const { return list.find(key_of<Key>(key)) != nullptr; }
  std::string value(std::string_view key) const {
    const std::byte* const entry = list.find(key_of<Key>(key));
    return entry == nullptr ? "(absent)" : as_string(list.layout().value(entry));
  }
  std::string key_at(const Cursor& cursor) const { return as_string(list.layout().key(cursor.entry)); }
  std::string value_at(const Cursor& cursor) const { return as_string(list.layout().value(cursor.entry)); }

  // All keys in the order of a walk.
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    Cursor cursor;
    for (bool stands = list.first(cursor); stands; stands = list.next(cursor)) all.push_back(key_at(cursor));
    list.close(cursor);
    return all;
  }

  TestMemory memory;
  List<Key> list;
};

}  // namespace skiplist_test
