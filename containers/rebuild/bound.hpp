#pragma once
// Bound: a key that rises, kept in the heap with room for its bytes.
//
// Room is made before a key is taken, so that taking it cannot fail.
//
// Threads: as the map it is part of.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_key.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::containers::rebuild {

class Bound {
 public:
  // Whether the key is not above it. No key is, before the first was taken.
  bool covers(MapKey key) const noexcept { return taken_ && !detail::key_less(this->key(), key); }

  // A safepoint; throws OutOfMemory.
  void make_room(Attach& here, MapKey key) {
    if (key.data == nullptr || (bytes_ && key.word <= bytes_->size())) return;
    const std::size_t room = std::max<std::size_t>(key.word, bytes_ ? 2 * bytes_->size() : 32);
    const Root<Array<std::byte>> larger = make_array<std::byte>(here, room);
    if (bytes_) std::copy_n(bytes_->data(), bytes_->size(), larger->data());
    bytes_ = larger;
  }
  // Requires: room was made for it.
  void take(MapKey key) noexcept {
    word_ = key.word;
    if (key.data != nullptr) std::copy_n(key.data, key.word, bytes_->data());
    taken_ = true;
  }
  void reset() noexcept { taken_ = false; }

 private:
  MapKey key() const noexcept { return {word_, bytes_ ? bytes_->data() : nullptr}; }

  std::uint64_t word_ = 0;  // the key, or how many bytes it has
  Ref<Array<std::byte>> bytes_;
  bool taken_ = false;

 public:
  static constexpr auto midden_refs = refs<Bound>(&Bound::bytes_);
};

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
