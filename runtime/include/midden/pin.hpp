#pragma once
// Pin<T>: while it lives, the object is alive and its bytes stay where and as they are laid out.
//
// For another thread, C code or the kernel to read or write an object's bytes. Objects never
// move, so a pin on one is a counted root; owners of arenas and arrays may move their own bytes,
// and ask `is_pinned` before they grow in place, reuse or overwrite.
//
// Threads: made on an attached thread; read, moved and ended on any. Those left when the Runtime
// ends are reported with their age and become null.

#include <cstdint>
#include <memory>
#include <utility>

#include <midden/build.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

class PinTable;

class AnyPin {
 public:
  AnyPin(const AnyPin&) = delete;
  AnyPin& operator=(const AnyPin&) = delete;

 protected:
  AnyPin() = default;
  explicit AnyPin(void* object);  // in the current Runtime; throws NotAttached
  AnyPin(AnyPin&& other) noexcept : table_(std::move(other.table_)), number_(other.number_), object_(other.object_) {}
  ~AnyPin() { release(); }

  void* object() const noexcept;
  void release() noexcept;
  void take(AnyPin&& other) noexcept {
    release();
    table_ = std::move(other.table_);
    number_ = other.number_;
    object_ = other.object_;
  }

 private:
  std::shared_ptr<PinTable> table_;
  std::uint32_t number_ = 0;
  void* object_ = nullptr;
};

}  // namespace detail

template <class T>
class Pin : detail::AnyPin {
 public:
  using Target = T;

  Pin() = default;
  // Requires: `object` is null or alive now.
  explicit Pin(T* object) : AnyPin(detail::as_target(object)) {}
  template <Names<T> N>
  explicit Pin(const N& other) : Pin(detail::as_base<T>(other.get())) {}
  Pin(Pin&&) noexcept = default;
  Pin& operator=(Pin&& other) noexcept {
    if (this != &other) take(std::move(other));
    return *this;
  }
  ~Pin() = default;

  void release() noexcept { AnyPin::release(); }
  T* get() const noexcept { return static_cast<T*>(object()); }
  T* operator->() const noexcept { return get(); }
  explicit operator bool() const noexcept { return get() != nullptr; }
};

// Whether a Pin names this object. Requires: attached to the object's Runtime.
bool is_pinned(const void* object);

}  // namespace midden::inline MIDDEN_ABI
