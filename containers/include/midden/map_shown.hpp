#pragma once
// The views that a cursor shows; in the checked build copies of them.
//
// A view that is used after its cursor has moved mostly still finds its bytes, and the fault
// stays hidden until the map reuses them. So the checked build shows copies. They are overwritten
// when the cursor moves, and freed with the move after that or when the cursor dies, where an
// address sanitizer sees what comes too late.
//
// Threads: as the cursor it is part of.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::detail {

template <bool copies>
class Shown {
 public:
  // Says which of the two are views, of the entry that the cursor stands on now.
  void show(const MapCursor&, bool, bool) noexcept {}
  MapKey key(const MapCursor& cursor) const noexcept { return cursor.key; }
  MapFound value(const MapCursor& cursor) const noexcept { return cursor.value; }
};

// The bytes of one view, and those that it had before.
class ViewCopy {
 public:
  static constexpr int poison = 0xdb;

  ViewCopy() = default;
  ViewCopy(const ViewCopy&) = delete;
  ViewCopy& operator=(const ViewCopy&) = delete;
  ~ViewCopy() { end(); }

  void take(const void* bytes, std::size_t size) {
    std::unique_ptr<std::byte[]> copy(new std::byte[size + 1]);
    std::memcpy(copy.get(), bytes, size);
    end();
    now_ = std::move(copy);
    size_ = size;
  }
  void end() noexcept {
    if (now_ == nullptr) return;
    std::memset(now_.get(), poison, size_);
    asm volatile("" : : "r"(now_.get()) : "memory");  // else dead stores before its end
    before_ = std::move(now_);
  }
  const std::byte* data() const noexcept { return now_.get(); }

 private:
  std::unique_ptr<std::byte[]> now_;
  std::unique_ptr<std::byte[]> before_;
  std::size_t size_ = 0;
};

template <>
class Shown<true> {
 public:
  // Throws std::bad_alloc.
  void show(const MapCursor& cursor, bool key_is_view, bool value_is_view) {
    key_.end();
    value_.end();
    if (key_is_view) key_.take(cursor.key.data, cursor.key.word);
    if (value_is_view) value_.take(cursor.value.data, cursor.value.size);
  }
  MapKey key(const MapCursor& cursor) const noexcept {
    return {cursor.key.word, key_.data() != nullptr ? key_.data() : cursor.key.data};
  }
  MapFound value(const MapCursor& cursor) const noexcept {
    MapFound found = cursor.value;
    if (value_.data() != nullptr) found.data = value_.data();
    return found;
  }

 private:
  ViewCopy key_;
  ViewCopy value_;
};

}  // namespace midden::inline MIDDEN_ABI::detail
