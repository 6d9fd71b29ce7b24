#include "containers/locked/entries.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::containers::locked {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

void put(std::byte*& at, std::uint64_t word) noexcept {
  std::memcpy(at, &word, sizeof word);
  at += sizeof word;
}
std::uint64_t get(const std::byte*& at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  at += sizeof word;
  return word;
}

}  // namespace

Entries::Entries(Attach& here, const MapShape& shape, std::size_t room) : shape_(shape) {
  const bool references = shape.value == ValueKind::reference || shape.value == ValueKind::composite;
  if (references) objects_ = make_array<Ref<void>>(here, room * refs_of_value());
}

void Entries::clear() noexcept {
  blocks_.clear();
  object_count_ = 0;
}

void Entries::add(MapKey key, MapFound value) {
  const std::size_t key_bytes = key_size(key);
  std::byte* at = take(key_bytes + value_size(value));
  std::byte* const value_at = at + key_bytes;
  put(at, key.word);
  if (key.data != nullptr) std::memcpy(at, key.data, key.word);
  at = value_at;
  if (shape_.value == ValueKind::reference) {
    (*objects_)[object_count_++] = static_cast<const Ref<void>*>(value.data)->get();
    return;
  }
  if (shape_.composite != nullptr) {
    for (const std::uint32_t ref : shape_.composite().refs) {
      (*objects_)[object_count_++] = MapComposite::ref_at(value.data, ref)->get();
    }
  }
  if (shape_.value == ValueKind::variable) put(at, value.size);
  std::memcpy(at, value.data, value.size);
}

std::size_t Entries::value_size(MapFound value) const noexcept {
  if (shape_.value == ValueKind::reference) return 0;
  return (shape_.value == ValueKind::variable ? word : 0) + padded(value.size);
}

std::byte* Entries::take(std::size_t bytes) {
  if (blocks_.empty() || blocks_.back().size - blocks_.back().used < bytes) {
    const std::size_t size = std::max(bytes, block_bytes);
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  }
  Block& block = blocks_.back();
  block.used += bytes;
  return block.bytes.get() + block.used - bytes;
}

MapKey Entries::read_key(const std::byte*& at) const noexcept {
  MapKey key{get(at), nullptr};
  if (shape_.key == KeyKind::word) return key;
  key.data = at;
  at += padded(key.word);
  return key;
}

MapValue Entries::read_value(const std::byte*& at) const noexcept {
  const std::size_t size = shape_.value == ValueKind::variable ? get(at) : shape_.value_bytes;
  const MapValue value{at, size};
  at += padded(size);
  return value;
}

}  // namespace midden::inline MIDDEN_ABI::containers::locked
