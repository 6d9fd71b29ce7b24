#pragma once
// A key on its way into the tables, in one of three forms that search code is made for.
//
//   WordKey     8 bytes, in the slot
//   SlotKey     n bytes, in the slot
//   ObjectKey   any bytes, in a Bytes object that the slot names
//
// The forms have one interface: a key from a MapKey or from a slot, its hash in the map (or under
// any other seed), whether a slot holds it, and how it gets into a slot. What must be allocated
// for it is `Stored`.
//
// Threads: values, used by one.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/root.hpp>

#include "containers/hash/bytes.hpp"
#include "containers/hash/hasher.hpp"
#include "containers/hash/layout.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

class WordKey {
 public:
  WordKey(MapKey key, const Layout&) noexcept : word_(key.word) {}
  WordKey(const std::byte* slot, const Layout&) noexcept { std::memcpy(&word_, slot, sizeof word_); }

  std::uint32_t hash(const Hasher& hasher) const noexcept { return hash_under(hasher); }
  std::uint32_t hash_under(const Hasher& hasher) const noexcept { return hasher.word(word_); }
  bool in(const std::byte* slot, std::uint32_t) const noexcept {
    std::uint64_t other;
    std::memcpy(&other, slot, sizeof other);
    return word_ == other;
  }
  MapKey shown() const noexcept { return {word_, nullptr}; }

  struct Stored {};
  Stored allocate(Attach&, std::uint32_t) const { return {}; }
  void store(std::byte* slot, const Stored&) const noexcept { std::memcpy(slot, &word_, sizeof word_); }
  static std::size_t heap_bytes(const std::byte*) noexcept { return 0; }

 private:
  std::uint64_t word_;
};

class SlotKey {
 public:
  SlotKey(MapKey key, const Layout& layout) noexcept : data_(key.data), size_(layout.key_bytes()) {}
  SlotKey(const std::byte* slot, const Layout& layout) noexcept : data_(slot), size_(layout.key_bytes()) {}

  std::uint32_t hash(const Hasher& hasher) const noexcept { return hash_under(hasher); }
  std::uint32_t hash_under(const Hasher& hasher) const noexcept { return hasher.bytes(data_, size_); }
  bool in(const std::byte* slot, std::uint32_t) const noexcept { return std::memcmp(data_, slot, size_) == 0; }
  MapKey shown() const noexcept { return {size_, data_}; }

  struct Stored {};
  Stored allocate(Attach&, std::uint32_t) const { return {}; }
  void store(std::byte* slot, const Stored&) const noexcept { std::memcpy(slot, data_, size_); }
  static std::size_t heap_bytes(const std::byte*) noexcept { return 0; }

 private:
  const std::byte* data_;
  std::size_t size_;
};

class ObjectKey {
 public:
  ObjectKey(MapKey key, const Layout&) noexcept : data_(key.data), size_(key.word) {}
  ObjectKey(const std::byte* slot, const Layout&) noexcept
      : bytes_(bytes(slot)), data_(bytes_->data()), size_(bytes_->length()) {}

  std::uint32_t hash(const Hasher& hasher) const noexcept {
    return bytes_ != nullptr ? bytes_->hash() : hash_under(hasher);
  }
  std::uint32_t hash_under(const Hasher& hasher) const noexcept { return hasher.bytes(data_, size_); }
  bool in(const std::byte* slot, std::uint32_t hash) const noexcept {
    const Bytes* const other = bytes(slot);
    return other->hash() == hash && other->length() == size_ && std::memcmp(other->data(), data_, size_) == 0;
  }
  MapKey shown() const noexcept { return {size_, data_}; }

  using Stored = Root<Bytes>;
  Stored allocate(Attach& here, std::uint32_t hash) const { return Bytes::make(here, data_, size_, hash); }
  void store(std::byte* slot, const Stored& stored) const noexcept { Layout::ref(slot) = stored.get(); }
  static std::size_t heap_bytes(const std::byte* slot) noexcept { return Bytes::heap_bytes(bytes(slot)->length()); }

 private:
  static const Bytes* bytes(const std::byte* slot) noexcept {
    return static_cast<const Bytes*>(Layout::ref(slot).get());
  }

  const Bytes* bytes_ = nullptr;  // where it comes from a slot
  const std::byte* data_;
  std::size_t size_;
};

// Calls f with the key in the form that the layout asks for. `from` is a MapKey or a slot.
template <class From, class F>
decltype(auto) with_key(const Layout& layout, From from, F&& f) {
  if (layout.word_keys()) return f(WordKey(from, layout));
  if (layout.keys() == Held::in_slot) return f(SlotKey(from, layout));
  return f(ObjectKey(from, layout));
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
