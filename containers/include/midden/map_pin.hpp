#pragma once
// EntryPin<K, V>: an entry of a map as it was when it was pinned, for other threads, C code or the kernel to read.
//
//   midden::EntryPin page = pages->pin("index");
//   if (page) {
//     midden::Blocked away;
//     write(socket, page.value().data(), page.value().size());
//   }
//
//   EntryPin ──pin──▶ PinnedEntry ──▶ key      an object of its own, where it is no word
//                                 ──▶ value    an object of its own
//
// While it lives, key and value are alive and their bytes stay where and as they are, whatever is written to the
// map meanwhile, also where the map is cleared, moves to another backend, or dies. It holds that entry only: the map
// neither waits for it nor knows of it, and what its value refers to is all that lives on with it.
//
// Cost: an arena and a bucket hold other entries beside this one, which they move, overwrite and give back. So a pin
// gives the entry objects of its own: a copy of its bytes, up to three allocations and a Pin. A value that is a
// reference is not copied: the pin is one of its object.
//
// Threads: made on an attached thread; read, moved and ended on any, as a Pin (pin.hpp). It counts as one pin in
// Runtime::pins(), and one that is left when the Runtime ends is reported and becomes empty.

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_key.hpp>
#include <midden/map_value.hpp>
#include <midden/pin.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>
#include <midden/string.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

// What a pin keeps of a value, and shows of it.
template <class V>
struct PinnedValue {
  static_assert(std::is_copy_constructible_v<V>, "midden: an entry whose value cannot be copied cannot be pinned.");
  struct Object {
    explicit Object(const V& kept) : value(kept) {}
    V value;
    static constexpr Leaf midden_leaf{};
  };
  using View = const V&;
  static Root<Object> keep(Attach& here, const V& value) { return make<Object>(here, value); }
  static View view(const Object* object) { return object->value; }
};

template <>
struct PinnedValue<std::string_view> {
  using Object = String;
  using View = std::string_view;
  static Root<Object> keep(Attach& here, std::string_view value) { return make_string(here, value); }
  static View view(const Object* object) { return object->view(); }
};

template <class T>
struct PinnedValue<Ref<T>> {
  using Object = T;
  using View = T*;
  static Root<Object> keep(Attach&, const Root<T>& value) { return Root<T>(value.get()); }
  static View view(Object* object) { return object; }
};

template <class V>
requires HasRefs<V>
struct PinnedValue<V> {
  using Object = V;
  using View = const V&;
  static Root<Object> keep(Attach& here, const V& value) { return make<V>(here, value); }
  static View view(const Object* object) { return *object; }
};

template <class Value>
struct PinnedEntry {
  std::uint64_t word = 0;
  Ref<String> key;  // null where it is the word
  Ref<Value> value;

  static constexpr auto midden_refs = refs<PinnedEntry>(&PinnedEntry::key, &PinnedEntry::value);
};

}  // namespace detail

template <class K, class V>
class EntryPin {
  using Value_ = detail::PinnedValue<V>;
  using Entry_ = detail::PinnedEntry<typename Value_::Object>;

 public:
  // std::string_view for strings, T* for a Ref<T>, const V& for all else.
  using View = typename Value_::View;

  // Of no entry.
  EntryPin() = default;

  explicit operator bool() const noexcept { return entry_.get() != nullptr; }
  // Require that it is of an entry. What they return holds until the pin ends.
  K key() const {
    const Entry_& entry = *entry_.get();
    if (!entry.key) return detail::decode_key<K>({entry.word, nullptr});
    return detail::decode_key<K>({entry.key->size(), reinterpret_cast<const std::byte*>(entry.key->data())});
  }
  View value() const { return Value_::view(entry_.get()->value.get()); }

  // Ends it. May be called again.
  void release() noexcept { entry_.release(); }

  // For maps: of an entry that a look-up shows. A safepoint; throws OutOfMemory.
  template <class Shown>
  EntryPin(Attach& here, detail::KeyArgument<K> key, const Shown& value) {
    const detail::EncodedKey<K> encoded(key);
    const MapKey bytes = encoded.key();
    const Root<typename Value_::Object> kept = Value_::keep(here, value);
    Root<String> text;
    if (bytes.data != nullptr) text = make_string(here, {reinterpret_cast<const char*>(bytes.data), bytes.word});
    const Root<Entry_> made = make<Entry_>(here);
    made->word = bytes.word;
    made->key = text;
    made->value = kept;
    entry_ = Pin<Entry_>(made);
  }

 private:
  Pin<Entry_> entry_;
};

namespace detail {

// Of what `map` shows for the key now; empty where the key is absent.
template <class M>
EntryPin<typename M::Key, typename M::Value> pin_entry(Attach& here, const M& map, KeyArgument<typename M::Key> key) {
  const typename M::Hit hit = map.find(key);
  if (!hit) return {};
  return {here, key, *hit};
}

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
