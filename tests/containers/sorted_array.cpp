#include "tests/containers/sorted_array.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

#include <midden/array.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/string.hpp>

namespace {

using midden::Array;
using midden::Attach;
using midden::MapCursor;
using midden::MapFound;
using midden::MapKey;
using midden::MapShape;
using midden::MapState;
using midden::MapUpsert;
using midden::MapValue;
using midden::MapWrite;
using midden::Ref;
using midden::Root;
using midden::String;
using midden::ValueKind;

struct Entry {
  Ref<String> key;
  Ref<void> value;  // a String of the value's bytes, or the object
  static constexpr auto midden_refs = midden::refs<Entry>(&Entry::key, &Entry::value);
};

struct State : MapState {
  explicit State(const MapShape& its_shape) : shape(its_shape) {}
  MapShape shape;
  Ref<Array<Entry>> entries;
  std::uint64_t clears = 0;
  static constexpr auto midden_refs = midden::refs<State>(&State::entries);

  std::size_t size() const { return entries ? entries->size() : 0; }
  bool references() const { return shape.value == ValueKind::reference; }
};

State& of(MapState& state) { return static_cast<State&>(state); }
const State& of(const MapState& state) { return static_cast<const State&>(state); }

// Words as big-endian bytes, so that all keys compare as strings do.
class KeyText {
 public:
  explicit KeyText(MapKey key) : view_(reinterpret_cast<const char*>(key.data), key.data == nullptr ? 0 : key.word) {
    if (key.data != nullptr) return;
    for (int i = 0; i < 8; ++i) word_[i] = static_cast<char>(key.word >> (56 - 8 * i));
    view_ = {word_, sizeof word_};
  }
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;
  std::string_view view() const { return view_; }

 private:
  char word_[8];
  std::string_view view_;
};

std::size_t lower_bound(const State& state, std::string_view key) {
  std::size_t i = 0;
  while (i < state.size() && (*state.entries)[i].key->view() < key) ++i;
  return i;
}

bool is_at(const State& state, std::size_t i, std::string_view key) {
  return i < state.size() && (*state.entries)[i].key->view() == key;
}

MapFound value_of(const State& state, std::size_t i) {
  const Ref<void>& value = (*state.entries)[i].value;
  if (state.references()) return {&value, sizeof value};
  const auto* text = static_cast<const String*>(value.get());
  return {text->data(), text->size()};
}

// The entries without the one at `without`, and with room at `gap`; one of the two is past the end.
Root<Array<Entry>> copy(Attach& here, const State& state, std::size_t count, std::size_t gap, std::size_t without) {
  Root<Array<Entry>> result = midden::make_array<Entry>(here, count);
  std::size_t to = 0;
  for (std::size_t from = 0; from < state.size(); ++from) {
    if (from == without) continue;
    if (to == gap) ++to;
    (*result)[to++] = (*state.entries)[from];
  }
  return result;
}

constexpr std::size_t none = ~std::size_t{0};

Root<MapState> create(Attach& here, const MapShape& shape, std::uint64_t) { return midden::make<State>(here, shape); }
std::size_t size(const MapState& state) { return of(state).size(); }

MapFound find(const MapState& state, MapKey asked) {
  const KeyText key(asked);
  const std::size_t i = lower_bound(of(state), key.view());
  return is_at(of(state), i, key.view()) ? value_of(of(state), i) : MapFound{};
}

MapUpsert upsert(Attach& here, MapState& base, MapKey asked, MapValue given, MapWrite mode) {
  State& state = of(base);
  const KeyText key(asked);
  const std::size_t i = lower_bound(state, key.view());
  const bool there = is_at(state, i, key.view());
  if (there && mode == MapWrite::if_absent) return {value_of(state, i), false};
  Root<void> value;
  if (state.references()) {
    value = const_cast<void*>(given.data);
  } else {
    value = midden::make_string(here, {static_cast<const char*>(given.data), given.size});
  }
  if (!there) {
    const Root<String> text = midden::make_string(here, key.view());
    const Root<Array<Entry>> larger = copy(here, state, state.size() + 1, i, none);
    (*larger)[i].key = text;
    state.entries = larger;
  }
  (*state.entries)[i].value = value;
  return {value_of(state, i), !there};
}

bool erase(Attach& here, MapState& base, MapKey asked) {
  State& state = of(base);
  const KeyText key(asked);
  const std::size_t i = lower_bound(state, key.view());
  if (!is_at(state, i, key.view())) return false;
  state.entries = copy(here, state, state.size() - 1, none, i);
  return true;
}

void clear(Attach&, MapState& state) {
  of(state).entries = nullptr;
  ++of(state).clears;
}

// position: how often the map had been cleared. held: the key, the value. copy: the Ref that is shown of a value that
// is a reference.
bool show(const State& state, MapCursor& cursor, std::size_t i) {
  if (i >= state.size()) return false;
  const Entry& entry = (*state.entries)[i];
  midden::position_as<std::uint64_t>(cursor) = state.clears;
  cursor.held[0] = entry.key.get();
  cursor.held[1] = entry.value.get();
  const std::string_view key = entry.key->view();
  if (state.shape.key == midden::KeyKind::word) {
    cursor.key = {};
    for (const char byte : key) cursor.key.word = cursor.key.word << 8 | static_cast<unsigned char>(byte);
  } else {
    cursor.key = {key.size(), reinterpret_cast<const std::byte*>(key.data())};
  }
  cursor.value = value_of(state, i);
  if (state.references()) cursor.value.data = new (static_cast<void*>(cursor.copy)) Ref<void>(entry.value.get());
  return true;
}

std::string_view shown_key(const MapCursor& cursor) { return static_cast<const String*>(cursor.held[0].get())->view(); }

bool first(Attach&, MapState& state, MapCursor& cursor) { return show(of(state), cursor, 0); }
bool last(Attach&, MapState& state, MapCursor& cursor) { return show(of(state), cursor, of(state).size() - 1); }
bool next(Attach&, MapState& state, MapCursor& cursor) {
  if (midden::position_as<std::uint64_t>(cursor) != of(state).clears) return false;
  const std::size_t i = lower_bound(of(state), shown_key(cursor));
  return show(of(state), cursor, is_at(of(state), i, shown_key(cursor)) ? i + 1 : i);
}
bool previous(Attach&, MapState& state, MapCursor& cursor) {
  if (midden::position_as<std::uint64_t>(cursor) != of(state).clears) return false;
  return show(of(state), cursor, lower_bound(of(state), shown_key(cursor)) - 1);
}
bool seek(Attach&, MapState& state, MapCursor& cursor, MapKey asked) {
  const KeyText key(asked);
  return show(of(state), cursor, lower_bound(of(state), key.view()));
}
void close(MapState&, MapCursor& cursor) {
  cursor.held[0] = nullptr;
  cursor.held[1] = nullptr;
}

midden::MapStats stats(Attach&, MapState& base) {
  const State& state = of(base);
  midden::MapStats result{.entries = state.size(), .bytes = sizeof state, .references = state.entries ? 1U : 0U};
  for (std::size_t i = 0; i < state.size(); ++i) {
    const Entry& entry = (*state.entries)[i];
    result.bytes += sizeof entry + sizeof(String) + entry.key->size();
    if (!state.references()) result.bytes += sizeof(String) + value_of(state, i).size;
    result.references += 2;
  }
  return result;
}

constexpr midden::MapOps operations{.ordered = true,
                                    .create = create,
                                    .size = size,
                                    .find = find,
                                    .upsert = upsert,
                                    .erase = erase,
                                    .clear = clear,
                                    .first = first,
                                    .next = next,
                                    .seek = seek,
                                    .last = last,
                                    .previous = previous,
                                    .close = close,
                                    .stats = stats};

}  // namespace

const std::string& sorted_array_backend() {
  static const std::string name = [] {
    midden::register_map_backend({"sorted-array", [](const MapShape&) { return &operations; }});
    return std::string("sorted-array");
  }();
  return name;
}
