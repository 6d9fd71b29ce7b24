#pragma once
// Layout: where the keys and values of a bucket are, from the shape of a map.
//
//   bucket   16 bytes of head, then 8 slots; all of a map's buckets have `stride` bytes
//   step     from the key (or value) of a slot to that of the next
//
//   whole words:  | head | k v | k v | k v | ...     key and value of a slot lie side by side
//   other sizes:  | head | k k k k k k k k | v v v v v v v v |     columns, without padding
//
// A word and fixed keys up to 64 bytes stand in the slot; larger and variable ones are Bytes
// objects, of which the slot holds a Ref. So are variable values and fixed ones above 128 bytes.
// Values that are references stand in the slot as they are, and of composite ones a Ref to a row of one.
//
// Invariants: Refs are aligned to 8 bytes; what `move` and `clear` leave behind holds no Ref.
// Threads: a value.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI::containers::hash {

inline constexpr unsigned slots_per_bucket = 8;
inline constexpr std::size_t head_bytes = 16;

enum class Held : std::uint8_t { in_slot, as_bytes, as_reference, as_row };

class Layout {
 public:
  static constexpr std::uint32_t largest_key_in_slot = 64;
  static constexpr std::uint32_t largest_value_in_slot = 128;
  static constexpr std::size_t most_chunk_bytes = std::size_t{64} << 10;
  static constexpr unsigned most_buckets_log2 = 8;

  Layout() = default;
  explicit Layout(const MapShape& shape);
  static_assert(head_bytes + (largest_key_in_slot + largest_value_in_slot) * slots_per_bucket <= 0xFFFF);

  bool word_keys() const noexcept { return word_keys_; }
  Held keys() const noexcept { return keys_; }
  Held values() const noexcept { return values_; }
  bool key_refs() const noexcept { return keys_ != Held::in_slot; }
  bool value_refs() const noexcept { return values_ != Held::in_slot; }
  bool leaf() const noexcept { return !key_refs() && !value_refs(); }
  bool side_by_side() const noexcept { return key_step_ == value_step_ && value_at_ == head_bytes + key_bytes_; }

  std::uint32_t stride() const noexcept { return stride_; }
  std::uint32_t key_bytes() const noexcept { return key_bytes_; }      // in the slot
  std::uint32_t value_bytes() const noexcept { return value_bytes_; }  // in the slot
  // Requires: values are held as rows.
  const MapComposite& composite() const noexcept { return *composite_; }
  // Buckets of a full chunk, the unit in which a table is allocated: as many as fit 64 KiB.
  unsigned chunk_log2() const noexcept { return chunk_log2_; }

  std::byte* key(std::byte* bucket, unsigned slot) const noexcept {
    return bucket + head_bytes + std::size_t{key_step_} * slot;
  }
  std::byte* value(std::byte* bucket, unsigned slot) const noexcept {
    return bucket + value_at_ + std::size_t{value_step_} * slot;
  }

  // Copies the key and value of one slot over another.
  void copy(std::byte* to, unsigned to_slot, std::byte* from, unsigned from_slot) const noexcept {
    copy_field(keys_, key(to, to_slot), key(from, from_slot), key_bytes_);
    copy_value(value(to, to_slot), value(from, from_slot));
  }
  void copy_value(std::byte* to, const std::byte* from) const noexcept { copy_field(values_, to, from, value_bytes_); }
  // Leaves no reference in the slot.
  void clear(std::byte* bucket, unsigned slot) const noexcept {
    if (key_refs()) ref(key(bucket, slot)) = nullptr;
    if (value_refs()) ref(value(bucket, slot)) = nullptr;
  }
  void move(std::byte* to, unsigned to_slot, std::byte* from, unsigned from_slot) const noexcept {
    copy(to, to_slot, from, from_slot);
    clear(from, from_slot);
  }

  static Ref<void>& ref(std::byte* place) noexcept { return *reinterpret_cast<Ref<void>*>(place); }
  static const Ref<void>& ref(const std::byte* place) noexcept { return *reinterpret_cast<const Ref<void>*>(place); }

 private:
  static void copy_field(Held held, std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
    if (held == Held::in_slot) {
      std::memcpy(to, from, bytes);
    } else {
      copy_refs(&ref(to), &ref(from), 1);
    }
  }

  const MapComposite* composite_ = nullptr;
  // Of 16 bits, because every map has them, also an empty one.
  std::uint16_t stride_ = 0;
  std::uint16_t value_at_ = 0;
  std::uint16_t key_step_ = 0;
  std::uint16_t value_step_ = 0;
  std::uint16_t key_bytes_ = 0;
  std::uint16_t value_bytes_ = 0;
  bool word_keys_ = false;
  Held keys_ = Held::in_slot;
  Held values_ = Held::in_slot;
  std::uint8_t chunk_log2_ = 0;
};

inline Layout::Layout(const MapShape& shape) : word_keys_(shape.key == KeyKind::word) {
  const bool long_key = shape.key == KeyKind::variable || shape.key_bytes > largest_key_in_slot;
  const bool long_value = shape.value == ValueKind::variable || shape.value_bytes > largest_value_in_slot;
  keys_ = long_key ? Held::as_bytes : Held::in_slot;
  values_ = shape.value == ValueKind::reference   ? Held::as_reference
            : shape.value == ValueKind::composite ? Held::as_row
            : long_value                          ? Held::as_bytes
                                                  : Held::in_slot;
  if (shape.composite != nullptr) composite_ = &shape.composite();
  const std::size_t key = key_refs() ? sizeof(Ref<void>) : shape.key_bytes;
  const std::size_t value = value_refs() ? sizeof(Ref<void>) : shape.value_bytes;
  const bool whole_words = key % 8 == 0 && value % 8 == 0;
  key_bytes_ = static_cast<std::uint16_t>(key);
  value_bytes_ = static_cast<std::uint16_t>(value);
  key_step_ = static_cast<std::uint16_t>(whole_words ? key + value : key);
  value_step_ = static_cast<std::uint16_t>(whole_words ? key + value : value);
  value_at_ = static_cast<std::uint16_t>(head_bytes + key * (whole_words ? 1 : slots_per_bucket));
  stride_ = static_cast<std::uint16_t>(head_bytes + (key + value) * slots_per_bucket);
  while (chunk_log2_ < most_buckets_log2 && std::size_t{stride_} << (chunk_log2_ + 1) <= most_chunk_bytes)
    ++chunk_log2_;
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
