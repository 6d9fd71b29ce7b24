#pragma once
// A hash map without its shell, for tests that look inside.

#include <cstdint>
#include <cstring>
#include <string>

#include <midden/make.hpp>

#include "containers/hash/hasher.hpp"
#include "containers/hash/key.hpp"
#include "containers/hash/resize.hpp"
#include "containers/hash/state.hpp"
#include "containers/hash/write.hpp"
#include "tests/containers/map_suite.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

inline Root<HashState> make_state(Attach& here, const MapShape& shape) {
  return make<HashState>(here, shape, secret_for(here.runtime().config()), test_seed());
}

// A map with word keys and values of 8 bytes, or with text keys.
inline Root<HashState> make_words(Attach& here) { return make_state(here, {KeyKind::word, ValueKind::fixed, 8, 8}); }
inline Root<HashState> make_texts(Attach& here) {
  return make_state(here, {KeyKind::variable, ValueKind::fixed, 0, 8});
}

inline MapKey text_key(const std::string& text) {
  return {text.size(), reinterpret_cast<const std::byte*>(text.data())};
}

// Inserts or overwrites, erases, or looks up the key of number n, in whatever form the map has.
inline bool put(Attach& here, HashState& state, std::uint64_t n, std::uint64_t value) {
  const MapValue given{&value, sizeof value};
  if (state.layout.word_keys()) {
    return upsert(here, state, WordKey({n, nullptr}, state.layout), given, MapWrite::assign).inserted;
  }
  const std::string text = "key " + std::to_string(n);
  return upsert(here, state, ObjectKey(text_key(text), state.layout), given, MapWrite::assign).inserted;
}
inline bool take_out(Attach& here, HashState& state, std::uint64_t n) {
  if (state.layout.word_keys()) return erase(here, state, WordKey({n, nullptr}, state.layout));
  const std::string text = "key " + std::to_string(n);
  return erase(here, state, ObjectKey(text_key(text), state.layout));
}
inline bool has(const HashState& state, std::uint64_t n, std::uint64_t value) {
  const std::string text = "key " + std::to_string(n);
  const MapKey key = state.layout.word_keys() ? MapKey{n, nullptr} : text_key(text);
  const Place place =
      with_key(state.layout, key, [&](const auto& form) { return find_entry(state, form, form.hash(state.hasher)); });
  return place.bucket != nullptr && std::memcmp(value_at(state.layout, place).data, &value, sizeof value) == 0;
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
