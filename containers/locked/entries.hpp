#pragma once
// Entries: what is copied out of maps while their locks are held.
//
//   block     | record | record | ... |        1 MiB, or one record that is larger
//   record    | key word | key bytes | value size | value bytes |      parts of whole words; those that the shape
//                                                                      tells are left out
//   objects   | Ref | Ref | ...                of values that are references, or contain some, in the records' order
//
// The blocks are outside of the heap, because an allocation in it may need a collection first, and none comes under
// a lock. References must be seen by collections that come later, so their array is in the heap and made beforehand,
// with room for a number of them.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_composite.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::containers::locked {

class Entries {
 public:
  // With room for that many. A safepoint.
  Entries(Attach& here, const MapShape& shape, std::size_t room);

  bool has_room(std::size_t count) const { return objects_ == nullptr || count * refs_of_value() <= objects_->size(); }
  void clear() noexcept;
  // Requires: has_room for one more. Throws std::bad_alloc.
  void add(MapKey key, MapFound value);

  // Calls f(key, value) for each, in the order in which they came.
  template <class F>
  void for_each(F&& f) const {
    std::size_t count = 0;
    for (const Block& block : blocks_) {
      const std::byte* const end = block.bytes.get() + block.used;
      for (const std::byte* at = block.bytes.get(); at != end; ++count) {
        const MapKey key = read_key(at);
        f(key, shape_.value == ValueKind::reference ? MapValue{(*objects_)[count].get(), shape_.value_bytes}
                                                    : read_value(at));
      }
    }
  }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    std::size_t used = 0;
  };
  static constexpr std::size_t word = sizeof(std::uint64_t);
  static constexpr std::size_t padded(std::size_t bytes) noexcept { return (bytes + word - 1) / word * word; }

  std::size_t refs_of_value() const { return shape_.composite == nullptr ? 1 : shape_.composite().refs.size(); }
  std::size_t key_size(MapKey key) const noexcept { return word + (key.data == nullptr ? 0 : padded(key.word)); }
  std::size_t value_size(MapFound value) const noexcept;
  std::byte* take(std::size_t bytes);
  // Read at `at` and move it on.
  MapKey read_key(const std::byte*& at) const noexcept;
  MapValue read_value(const std::byte*& at) const noexcept;

  const MapShape shape_;
  std::vector<Block> blocks_;
  Root<Array<Ref<void>>> objects_;  // null where values have no references
  std::size_t object_count_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::locked
