#pragma once
// A key on its way through the list, in one of three forms that the search is made for.
//
//   WordKey       8 bytes, held as an unsigned integer; entries hold it big-endian
//   FixedKey      n bytes, the same n for the whole map
//   VariableKey   any bytes
//
// Each offers: size; piece, its four bytes from a place on; compare, compare_prefix and equal
// against the key of an entry; store into a new entry; and `of`, the key of an entry.
//
// All comparisons run over eight bytes at a time as big-endian integers; the last, partial word
// is read backwards from the end, so that it overlaps bytes already found equal.
//
// Threads: values, used by one.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "containers/skiplist/bytes.hpp"
#include "containers/skiplist/entry.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class WordKey {
 public:
  explicit WordKey(std::uint64_t word) noexcept : word_(word) {}
  static WordKey of(const std::byte* entry, const Layout&) noexcept { return WordKey(key(entry)); }

  std::size_t size() const noexcept { return 8; }

  std::uint32_t piece(std::size_t at) const noexcept {
    return at < 8 ? static_cast<std::uint32_t>((word_ << (8 * at)) >> 32) : 0;
  }

  // The first `known` bytes are known to be equal.
  int compare(const std::byte* entry, [[maybe_unused]] std::size_t known) const noexcept {
    return order(word_, key(entry));
  }

  // Compares the first `size` bytes, at least one, which an entry's key is known to have.
  int compare_prefix(const std::byte* entry, [[maybe_unused]] std::size_t known, std::size_t size) const noexcept {
    const std::size_t rest = 64 - 8 * size;
    return order(word_ >> rest, key(entry) >> rest);
  }

  bool equal(const std::byte* entry) const noexcept { return word_ == key(entry); }
  bool above(const WordKey& other) const noexcept { return word_ > other.word_; }

  void store(std::byte* entry) const noexcept {
    const std::uint64_t bytes = big_endian(word_);
    std::memcpy(entry + Layout::fixed_key_at, &bytes, sizeof bytes);
  }

 private:
  static std::uint64_t key(const std::byte* entry) noexcept { return load_big_64(entry + Layout::fixed_key_at); }
  static int order(std::uint64_t a, std::uint64_t b) noexcept { return a < b ? -1 : a > b ? 1 : 0; }

  std::uint64_t word_;
};

template <bool variable>
class BytesKey {
 public:
  explicit BytesKey(Bytes bytes) noexcept : bytes_(bytes) {}
  static BytesKey of(const std::byte* entry, const Layout& layout) noexcept { return BytesKey(layout.key(entry)); }

  std::size_t size() const noexcept { return bytes_.size; }
  std::uint32_t piece(std::size_t at) const noexcept { return piece_of(bytes_, at); }

  int compare(const std::byte* entry, std::size_t known) const noexcept {
    return skiplist::compare(bytes_, key(entry), known);
  }

  int compare_prefix(const std::byte* entry, std::size_t known, std::size_t size) const noexcept {
    const std::size_t own = bytes_.size < size ? bytes_.size : size;
    return skiplist::compare({bytes_.data, own}, {key(entry).data, size}, known);
  }

  bool equal(const std::byte* entry) const noexcept { return skiplist::equal(bytes_, key(entry)); }
  bool above(const BytesKey& other) const noexcept { return skiplist::compare(bytes_, other.bytes_) > 0; }

  void store(std::byte* entry) const noexcept {
    if constexpr (variable) store_32(entry + 4, static_cast<std::uint32_t>(bytes_.size));
    std::memcpy(entry + key_at, bytes_.data, bytes_.size);
  }

 private:
  static constexpr std::size_t key_at = variable ? Layout::variable_key_at : Layout::fixed_key_at;

  Bytes key(const std::byte* entry) const noexcept {
    if constexpr (variable) return {entry + key_at, load_32(entry + 4) & Layout::max_key_bytes};
    return {entry + key_at, bytes_.size};
  }

  Bytes bytes_;
};

using FixedKey = BytesKey<false>;
using VariableKey = BytesKey<true>;

// Writes a new entry into memory of layout.bytes(key.size(), value.size) bytes.
template <class Key>
void write_entry(const Layout& layout, std::byte* entry, const Key& key, Bytes value,
                 std::uint32_t birth = 0) noexcept {
  store_32(entry, birth);
  key.store(entry);
  std::byte* to = entry + (layout.variable_key ? Layout::variable_key_at : Layout::fixed_key_at) + key.size();
  if (layout.variable_value) {
    store_32(to, static_cast<std::uint32_t>(value.size));
    to += 4;
  }
  std::memcpy(to, value.data, value.size);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
