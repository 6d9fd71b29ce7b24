#include "containers/skiplist/shared/arena.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

constexpr std::size_t least_window = std::size_t{1} << 10;
constexpr std::size_t most_window = std::size_t{16} << 10;
constexpr std::size_t commit_step = std::size_t{128} << 10;
// The first segment has room for the arena's tables, which may not move while others read.
constexpr std::size_t first_bytes = std::size_t{4} << 10;
constexpr unsigned most_reserve = 4;
constexpr unsigned turns_of_growth = 64;                    // of a trim, between two safepoints
constexpr std::size_t batch_share = std::size_t{64} << 10;  // bytes of the map for each piece of a batch

// Where the arena has been asked before whether it has room.
class NoMemory final : public Memory {
 public:
  std::byte* segment(unsigned, std::size_t) override { throw std::bad_alloc(); }
  void drop_reference(std::uint32_t) noexcept override {}
};

// One segment, made before.
class MadeBefore final : public Memory {
 public:
  explicit MadeBefore(std::byte* begin) noexcept : begin_(begin) {}
  std::byte* segment(unsigned, std::size_t) override { return begin_; }
  void drop_reference(std::uint32_t) noexcept override {}

 private:
  std::byte* begin_;
};

// Threads that come one after the other begin at different stripes.
unsigned& home_stripe() noexcept {
  static std::atomic<unsigned> threads{0};
  // Relaxed: only that they differ matters.
  thread_local unsigned home = threads.fetch_add(1, std::memory_order_relaxed);
  return home;
}

}  // namespace

SharedArena::SharedArena(Levels& levels, Versions& versions, std::uint64_t seed, Column* column) noexcept
    : levels_(levels), versions_(versions), arena_(levels.arena()), column_(column) {
  Draws draws(seed);
  for (Stripe& stripe : stripes_) {
    stripe.draws = Draws(draws.next());
    stripe.column = column;
  }
}

Stripe& SharedArena::hold() noexcept {
  unsigned& home = home_stripe();
  for (Spin spin;; spin.wait()) {
    for (unsigned tried = 0; tried < stripe_count; ++tried) {
      Stripe& stripe = stripes_[(home + tried) % stripe_count];
      if (!stripe.try_hold()) continue;
      home += tried;
      stripe.plain = versions_.is_plain();
      return stripe;
    }
  }
}

void SharedArena::wait_for_writers() noexcept {
  for (Stripe& stripe : stripes_) const std::lock_guard lock(stripe.lock);
}

// `bytes` is what the arena gave.
void SharedArena::free_chunk(Stripe& stripe, Offset chunk, std::size_t bytes) noexcept {
  if (stripe.chunk_count == 0 && bytes <= Stripe::most_chunk_bytes) stripe.chunk_bytes = bytes;
  if (stripe.chunk_bytes == bytes && stripe.chunk_count < stripe.most_kept()) {
    store_32(levels_.entry(chunk), stripe.chunks);
    stripe.chunks = chunk;
    ++stripe.chunk_count;
    return;
  }
  const std::lock_guard lock(lock_);
  arena_.release(chunk, bytes);
}

bool SharedArena::make_ready(Stripe& stripe, unsigned nodes, std::size_t entry_bytes) noexcept {
  if (stripe.node_count < nodes && !refill_nodes(stripe, nodes)) return false;
  if (entry_bytes == 0) return true;
  if (column_ != nullptr && stripe.index_count == 0 && !refill_indices(stripe)) return false;
  // The second keeps what the first has found: a chunk, or a window, which grows only.
  return make_ready_for(stripe, entry_bytes) && (stripe.plain || make_ready_for(stripe, entry_bytes + Chain::bytes));
}

bool SharedArena::refill_indices(Stripe& stripe) noexcept {
  stripe.index_count = column_->take_some(stripe.indices, Limbo::least_batch / 2);
  return stripe.index_count > 0;
}

bool SharedArena::make_ready_for(Stripe& stripe, std::size_t entry_bytes) noexcept {
  const std::size_t bytes = Arena::allocation_bytes(entry_bytes);
  if (stripe.chunk_count > 0 && stripe.chunk_bytes == bytes) {
    // To be there when it is written, after the search.
    arena_.prefetch(stripe.chunks);
    arena_.prefetch(stripe.chunks + static_cast<Offset>(bytes / Arena::unit_bytes) - 1);
    return true;
  }
  return stripe.left >= bytes || refill_entry(stripe, bytes);
}

Offset SharedArena::take_entry(Stripe& stripe, std::size_t entry_bytes) noexcept {
  const std::size_t bytes = Arena::allocation_bytes(entry_bytes);
  if (stripe.chunk_count > 0 && stripe.chunk_bytes == bytes) return stripe.take_chunk(levels_);
  const Offset cut = stripe.window;
  stripe.window += static_cast<Offset>(bytes / Arena::unit_bytes);
  stripe.left -= bytes;
  return cut;
}

void SharedArena::give_entry(Stripe& stripe, Offset begin, std::size_t entry_bytes) noexcept {
  free_chunk(stripe, begin, Arena::allocation_bytes(entry_bytes));
}

// So many, and a few more where the map is large.
bool SharedArena::refill_nodes(Stripe& stripe, unsigned nodes) noexcept {
  NoMemory none;
  const std::lock_guard lock(lock_);
  const std::size_t wanted = nodes + nodes_.slab_nodes(arena_) / 2;
  stripe.batch = std::clamp(arena_.in_use() / batch_share, Limbo::least_batch, Limbo::most_batch);
  while (stripe.node_count < wanted) {
    if (nodes_.has_some() || may_touch(slab_bytes())) {
      stripe.give_node(levels_, nodes_.take(arena_, none));
    } else if (const Offset chunk = arena_.reuse(NodePool::node_bytes); chunk != 0) {
      stripe.give_node(levels_, chunk);
    } else {
      return stripe.node_count >= nodes;
    }
  }
  return true;
}

bool SharedArena::take_last_node(SharedMemory& memory, Stripe& stripe) noexcept {
  {
    const std::lock_guard lock(lock_);
    if (reserve_ != 0) {
      const Offset node = reserve_;
      reserve_ = levels_.node(node).low;
      --reserve_count_;
      stripe.give_node(levels_, node);
      return true;
    }
  }
  for (Stripe& other : stripes_) {
    if (&other == &stripe || !other.try_hold()) continue;
    drain_all(memory, other);
    const bool has_some = other.node_count > 0;
    if (has_some) stripe.give_node(levels_, other.take_node(levels_));
    other.release();
    if (has_some) return true;
  }
  return false;
}

void SharedArena::fill_reserve() noexcept {
  NoMemory none;
  for (; reserve_count_ < most_reserve && (nodes_.has_some() || may_touch(slab_bytes())); ++reserve_count_) {
    const Offset node = nodes_.take(arena_, none);
    reinterpret_cast<Node*>(levels_.entry(node))->low = reserve_;
    reserve_ = node;
  }
}

// Chunks of that size where there are any, else a new window.
bool SharedArena::refill_entry(Stripe& stripe, std::size_t bytes) noexcept {
  NoMemory none;
  const std::lock_guard lock(lock_);
  if (stripe.chunk_count == 0 && bytes <= Stripe::most_chunk_bytes) stripe.chunk_bytes = bytes;
  Offset found = arena_.reuse(bytes);
  if (stripe.chunk_bytes == bytes) {
    while (found != 0) {
      store_32(levels_.entry(found), stripe.chunks);
      stripe.chunks = found;
      if (++stripe.chunk_count == Limbo::least_batch / 2) return true;
      found = arena_.reuse(bytes);
    }
    if (stripe.chunk_count > 0) return true;
  }
  // What is left of the window is given back, so that no byte is lost.
  if (stripe.left > 0) arena_.release_part(stripe.window, stripe.left);
  stripe.left = 0;
  if (found != 0) {
    stripe.window = found;
    stripe.left = bytes;
    return true;
  }
  const std::size_t wanted = std::max(bytes, window_bytes());
  if (!may_touch(wanted)) return false;
  stripe.window = arena_.allocate(none, wanted);
  stripe.left = wanted;
  return true;
}

// Of the next slab of nodes, with what it takes to begin at a line.
std::size_t SharedArena::slab_bytes() const noexcept { return (nodes_.slab_nodes(arena_) + 1) * NodePool::node_bytes; }

std::size_t SharedArena::window_bytes() const noexcept {
  return Arena::allocation_bytes(std::clamp(arena_.in_use() / (4 * stripe_count), least_window, most_window));
}

bool SharedArena::may_touch(std::size_t bytes) const noexcept {
  return arena_.has_room(bytes) && arena_.touched() - arena_.closed_bytes() + bytes <= committed_;
}

// Where there is no more memory, much may be in the hands of a trim: then it ends, and the caller looks again.
void SharedArena::grow(SharedMemory& memory, std::size_t entry_bytes) try {
  get_more(memory, entry_bytes);
} catch (...) {
  if (!is_trimming()) throw;
  do {
    trim(memory, turns_of_growth);
    memory.wait();
  } while (is_trimming());
}

bool SharedArena::is_trimming() noexcept {
  const std::lock_guard lock(lock_);
  return arena_.is_trimming();
}

void SharedArena::get_more(SharedMemory& memory, std::size_t entry_bytes) {
  std::unique_lock lock(lock_);
  const std::size_t need =
      std::max({Arena::allocation_bytes(entry_bytes + Chain::bytes), slab_bytes(), window_bytes()});
  if (may_touch(need)) return;
  if (growing_) {
    lock.unlock();
    return memory.wait();
  }
  growing_ = true;
  // Under the lock again, however this ends.
  struct Grown {
    std::unique_lock<SpinLock>& lock;
    bool& growing;
    ~Grown() {
      if (!lock.owns_lock()) lock.lock();
      growing = false;
    }
  } const grown{lock, growing_};
  // To its end before the next one is opened: what is left of it then is used for smaller things.
  if (committed_ < arena_.newest_bytes()) {
    const std::size_t used = arena_.touched() - arena_.closed_bytes();
    const std::size_t wanted = std::min(arena_.newest_bytes(), used + need + commit_step);
    lock.unlock();
    memory.commit(segment_, wanted);
    lock.lock();
    committed_ = wanted;
    return;
  }
  const std::size_t room = std::max(need, first_bytes);
  const unsigned index = arena_.next_segment(room);
  const std::size_t bytes = Arena::segment_bytes(index);
  const std::size_t committed = std::min(bytes, Arena::lead_bytes(index) + need + commit_step);
  lock.unlock();
  std::byte* const begin = memory.segment(bytes, committed);
  lock.lock();
  MadeBefore made(begin);
  arena_.open_segment(made, room);
  memory.keep(index);
  segment_ = index;
  committed_ = committed;
  fill_reserve();
}

void SharedArena::add_slots(SharedMemory& memory) {
  constexpr std::size_t bytes = sizeof(Versions::Block);
  for (;; grow(memory, 2 * bytes)) {
    NoMemory none;
    Offset block;
    {
      const std::lock_guard lock(lock_);
      if (!may_touch(2 * bytes)) continue;
      block = arena_.allocate_lines(none, bytes);
    }
    return versions_.add(levels_, block);
  }
}

SharedArena::Counts SharedArena::counts() noexcept {
  Counts counts{};
  for (Stripe& stripe : stripes_) {
    const std::lock_guard lock(stripe.lock);
    counts.held += stripe.held.bytes();
    counts.spare_indices += stripe.index_count;
    stripe.for_each_batch([&](const Limbo& batch) { counts.retired += batch.bytes; });
  }
  const std::lock_guard lock(lock_);
  counts.present = arena_.present();
  counts.in_use = arena_.in_use();
  return counts;
}

std::size_t SharedArena::size() const noexcept {
  std::int64_t size = 0;
  for (const Stripe& stripe : stripes_) size += stripe.size();
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

void SharedArena::check(Check& check) const {
  for (const Stripe& stripe : stripes_) {
    for (Offset at = stripe.nodes; at != 0; at = levels_.node(at).low)
      check.keep(at, NodePool::node_bytes, "spare node");
    for (Offset at = stripe.chunks; at != 0; at = load_32(levels_.entry(at))) {
      check.keep_part(at, stripe.chunk_bytes, "spare chunk");
    }
    if (stripe.left > 0) check.keep_part(stripe.window, stripe.left, "window");
    for (std::uint32_t index = stripe.indices; index != EntryIndex::none; index = column_->link(index)) {
      check.keep_index(index);
    }
    stripe.for_each_batch([&](const Limbo& batch) {
      for (Offset at = batch.nodes; at != Node::dead; at = levels_.node(at).lock) {
        check.keep(at, NodePool::node_bytes, "dead node");
      }
      for (std::uint32_t index = batch.indices; index != EntryIndex::none; index = column_->link(index)) {
        check.keep_index(index);
      }
      for (const bool chained : {false, true}) {
        for (Offset at = batch.entries[chained]; at != 0; at = Chain(levels_.entry(at)).linked(chained)) {
          check.keep_entry(at, chained, "entry in limbo");
        }
      }
    });
    stripe.held.for_each_page(levels_, [&](Offset at, const Held::Page& page) {
      check.keep(at, NodePool::node_bytes, "page of held pieces");
      for (std::uint32_t i = 0; i < page.count; ++i) {
        const Held::Piece piece = page.piece(i);
        switch (piece.kind) {
          case Held::Kind::node:
            check.keep(piece.at, NodePool::node_bytes, "held node");
            break;
          case Held::Kind::entry:
            check.keep_entry(piece.at, Chain(levels_.entry(piece.at)).is_chained(), "held entry");
            break;
          case Held::Kind::index:
            check.keep_index(piece.at);
        }
      }
    });
  }
  versions_.for_each_block(levels_, [&](Offset at) { check.keep(at, sizeof(Versions::Block), "slots"); });
  if (column_ != nullptr) check.check_indices(column_->taken());
  check.keep_pool(nodes_);
  for (Offset at = reserve_; at != 0; at = levels_.node(at).low) check.keep(at, NodePool::node_bytes, "reserve");
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
