#include "containers/rebuild/move.hpp"

#include <midden/fault.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI::containers::rebuild {

namespace {

// A cursor over the old half, in the mover's frame.
class Over {
 public:
  explicit Over(const Half& half) : half_(half) { cursor_.map = half.state.get(); }
  ~Over() { half_.ops->close(*half_.state, cursor_); }
  Over(const Over&) = delete;
  Over& operator=(const Over&) = delete;

  bool first(Attach& here) { return half_.ops->first(here, *half_.state, cursor_); }
  bool next(Attach& here) { return half_.ops->next(here, *half_.state, cursor_); }
  MapKey key() const { return cursor_.key; }
  MapFound value() const { return cursor_.value; }

 private:
  const Half& half_;
  MapCursor cursor_;
};

void move(Attach& here, RebuildState& state, const Over& entry) {
  const MapKey key = entry.key();
  MapValue value{entry.value().data, entry.value().size};
  // The old half keeps the object alive meanwhile.
  if (state.values == ValueKind::reference) value.data = static_cast<const Ref<void>*>(value.data)->get();

  if (state.in_order()) state.bound.make_room(here, key);
  if (!broken(Defect::rebuild_lost)) state.to.ops->upsert(here, *state.to.state, key, value, MapWrite::assign);
  if (state.in_order()) state.bound.take(key);
  ++state.ghosts;
  drop_ghost(here, state, key);
}

}  // namespace

void move_some(Attach& here, RebuildState& state, std::size_t most) {
  Over entry(state.from);
  for (bool stands = entry.first(here); stands && most > 0; stands = entry.next(here), --most) {
    if (state.ghosts != 0 && state.has_moved(entry.key())) {
      drop_ghost(here, state, entry.key());
    } else {
      move(here, state, entry);
    }
  }
}

void drop_ghost(Attach& here, RebuildState& state, MapKey key) {
  if (state.from.ops->erase(here, *state.from.state, key)) --state.ghosts;
}

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
