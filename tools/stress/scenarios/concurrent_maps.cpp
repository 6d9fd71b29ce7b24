// Maps that all threads write at once, of every backend, with snapshots and walks beside.
//
//   key n     belongs to thread n mod threads, which alone writes it and remembers what it wrote
//   counters  belong to nobody: every thread adds to them by `update`, and in the end their sum is what was added
//
// Of its own keys a thread knows what a look-up, a walk and a snapshot of its own must show. Of another's it knows that
// the value is one of that key, and that its turn, which the owner counts up, never goes back.
//
// Threads: several; each has a memory of its own.

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <midden/concurrent_map.hpp>

#include "tools/stress/kinds.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

using midden::Attach;

constexpr std::uint64_t keys = 600;
constexpr std::uint64_t counters = 4;  // the keys behind them

// A value says its key and its turn.
std::uint64_t value_of(std::uint64_t key, std::uint64_t turn) { return turn * keys + key; }

template <class Map>
class Worker {
  using K = typename Map::Key;
  using V = typename Map::Value;
  static constexpr bool ordered = requires(const Map& map, typename Kind<K>::Own key) { map.lower_bound(key); };
  using Model = std::map<std::uint64_t, std::uint64_t>;  // own keys: value

 public:
  Worker(midden::Runtime& runtime, Map& map, unsigned thread, unsigned threads)
      : runtime_(runtime), map_(map), thread_(thread), threads_(threads), last_seen_(keys, 0) {}

  void operate(Attach& here, Random& random) {
    const std::uint64_t own = random.below(keys / threads_) * threads_ + thread_;
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return assign(here, own);
      case 4:
      case 5:
        return erase(here, own, random);
      case 6:
        return make_or_find(here, own);
      case 7:
      case 8:
        return look(here, own);
      case 9:
        return random.one_in(2) ? must_show(map_, model_, "a walk") : walk_and_write(here, random);
      case 10:
        return snapshot(here, random);
      case 11:
        return add(here, random);
      case 12:
        if (random.one_in(40)) return runtime_.collect();
        if (random.one_in(10)) return runtime_.wait_for_grace_period();
        return pin(here, own);
      default:
        return look_at_others(here, random.below(keys));
    }
  }

  // With no thread beside.
  void finish(Attach& here) {
    for (std::uint64_t n = thread_; n < keys; n += threads_) look(here, n);
    snapshot_.reset();
  }
  std::uint64_t added() const { return added_; }

 private:
  // What the map shows of an own key, by a hit or a pointer, is what the model has.
  template <class Shown>
  void must_be(std::uint64_t n, const Shown& shown, const Model& model, std::string_view what) {
    const auto known = model.find(n);
    const bool there = static_cast<bool>(shown);
    must(there == (known != model.end()), "{}: key {} of thread {} is {}", what, n, thread_,
         there ? "there" : "absent");
    if (there) must(is_number<V>(*shown, known->second), "{}: key {} has another value", what, n);
  }

  void assign(Attach& here, std::uint64_t n) {
    const std::uint64_t value = value_of(n, ++turn_);
    const bool inserted = map_.insert_or_assign(here, Kind<K>::make(here, n), Kind<V>::make(here, value));
    must(inserted != model_.contains(n), "an assignment to {} says that it {}", n, inserted ? "inserted" : "did not");
    model_[n] = value;
  }
  void erase(Attach& here, std::uint64_t n, Random& random) {
    const auto key = Kind<K>::make(here, n);
    const bool erased = random.one_in(2) ? map_.erase(here, key) : map_.erase_if(key, [](const auto&) { return true; });
    must(erased == (model_.erase(n) != 0), "an erase of {} says that it {}", n, erased ? "was done" : "was not");
  }
  void make_or_find(Attach& here, std::uint64_t n) {
    const std::uint64_t value = value_of(n, ++turn_);
    const auto made = map_.get_or_insert_with(Kind<K>::make(here, n), [&] { return Kind<V>::make(here, value); });
    model_.try_emplace(n, value);
    must_be(n, &made, model_, "get_or_insert_with");
  }
  void look(Attach& here, std::uint64_t n) {
    const auto value = map_.get(here, Kind<K>::make(here, n));
    must_be(n, value, model_, "get");
  }
  void pin(Attach& here, std::uint64_t n) {
    const midden::EntryPin<K, V> pin = map_.pin(Kind<K>::make(here, n));
    must(static_cast<bool>(pin) == model_.contains(n), "a pin of {} is {}", n, pin ? "of something" : "empty");
    midden::safepoint(here);
    if (pin) must(is_number<V>(pin.value(), model_.at(n)), "a pin of {} has another value", n);
  }

  bool is_own(std::uint64_t n) const { return n < keys && n % threads_ == thread_; }
  template <class Value>
  void must_be_of(std::uint64_t n, const Value& value, std::string_view what) {
    must(n < keys, "{}: there is no key {}", what, n);
    if constexpr (!std::is_same_v<V, midden::Ref<Node>>) {
      const std::uint64_t number = Kind<V>::number(value);
      must(number % keys == n, "{}: key {} has a value of {}", what, n, number % keys);
    } else if (value != nullptr) {
      must(value->identity % keys == n, "{}: key {} has a value of {}", what, n, value->identity % keys);
    }
  }
  void look_at_others(Attach& here, std::uint64_t n) {
    const auto value = map_.get(here, Kind<K>::make(here, n));
    if (!value) return;
    must_be_of(n, *value, "get");
    if constexpr (std::is_same_v<V, std::int64_t>) {
      const std::uint64_t turn = static_cast<std::uint64_t>(*value) / keys;
      must(turn >= last_seen_[n], "key {} goes back from turn {} to {}", n, last_seen_[n], turn);
      last_seen_[n] = turn;
    }
  }

  // Own keys stay as they are meanwhile: each is shown once, with its value.
  template <class View>
  void must_show(const View& view, const Model& model, std::string_view what) {
    std::size_t own = 0;
    std::optional<typename Kind<K>::Own> last;
    for (const auto entry : view) {
      const std::uint64_t n = Kind<K>::number(entry.key);
      if constexpr (ordered) {
        must(!last || *last < typename Kind<K>::Own(entry.key), "{} shows {} out of order", what, n);
        last = typename Kind<K>::Own(entry.key);
      }
      if (n >= keys && n < keys + counters) continue;
      must_be_of(n, entry.value, what);
      if (!is_own(n)) continue;
      must_be(n, &entry.value, model, what);
      ++own;
    }
    must(own == model.size(), "{} shows {} keys of thread {}, and not {}", what, own, thread_, model.size());
  }
  // What a cursor shows holds, whatever this thread and others write.
  void walk_and_write(Attach& here, Random& random) {
    std::uint64_t left = random.below(60);
    for (auto cursor = map_.begin(); cursor != map_.end() && left > 0; ++cursor, --left) {
      const auto entry = *cursor;
      const std::uint64_t n = Kind<K>::number(entry.key);
      const std::uint64_t value = number_of(entry.value);
      for (std::uint64_t writes = random.below(3); writes > 0; --writes) {
        const std::uint64_t own =
            is_own(n) && random.one_in(2) ? n : random.below(keys / threads_) * threads_ + thread_;
        random.one_in(2) ? assign(here, own) : erase(here, own, random);
      }
      must(Kind<K>::number(entry.key) == n, "a cursor shows another key than {} beside a write", n);
      must(number_of(entry.value) == value, "a cursor shows another value of {} beside a write", n);
    }
  }
  template <class Value>
  static std::uint64_t number_of(const Value& value) {
    if constexpr (std::is_same_v<V, midden::Ref<Node>>) {
      return value == nullptr ? 0 : value->identity;
    } else {
      return Kind<V>::number(value);
    }
  }
  void snapshot(Attach& here, Random& random) {
    if (!snapshot_) {
      snapshot_.emplace(map_.snapshot(), model_);
      return;
    }
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t n = random.below(keys / threads_) * threads_ + thread_;
      const auto hit = snapshot_->first->find(Kind<K>::make(here, n));
      must_be(n, hit, snapshot_->second, "find in a snapshot");
    }
    must_show(*snapshot_->first, snapshot_->second, "a snapshot");
    if (random.one_in(2)) snapshot_.reset();
  }

  void add(Attach& here, Random& random) {
    if constexpr (std::is_same_v<V, std::int64_t>) {
      const std::uint64_t amount = 1 + random.below(9);
      map_.update(Kind<K>::make(here, keys + random.below(counters)),
                  [&](std::int64_t& count) { count += static_cast<std::int64_t>(amount); });
      added_ += amount;
    }
  }

  midden::Runtime& runtime_;
  Map& map_;
  const unsigned thread_;
  const unsigned threads_;
  Model model_;
  std::optional<std::pair<decltype(std::declval<Map&>().snapshot()), Model>> snapshot_;
  std::vector<std::uint64_t> last_seen_;  // turn, by key
  std::uint64_t turn_ = 0;
  std::uint64_t added_ = 0;
};

template <class Map>
void play(const Round& round, midden::Runtime& runtime, Attach& main, const midden::Root<Map>& map) {
  using K = typename Map::Key;
  using V = typename Map::Value;
  std::uint64_t added = 0;
  std::mutex lock;
  {
    const midden::Blocked blocked;
    round.side_by_side([&](unsigned thread) {
      Attach here(runtime);
      Worker<Map> worker(runtime, *map, thread, round.threads());
      round.each_of(thread, [&](Random& random) { worker.operate(here, random); });
      worker.finish(here);
      const std::lock_guard guard(lock);
      added += worker.added();
    });
  }
  if constexpr (std::is_same_v<V, std::int64_t>) {
    std::uint64_t counted = 0;
    for (std::uint64_t counter = 0; counter < counters; ++counter) {
      const auto count = map->get(main, Kind<K>::make(main, keys + counter));
      counted += count ? static_cast<std::uint64_t>(*count) : 0;
    }
    must(counted == added, "the counters say {}, and {} was added", counted, added);
  }
  runtime.collect();
}

}  // namespace

void play_concurrent_maps(const Round& round) {
  Random random = round.setting(1);
  midden::Runtime runtime(round.configuration(round.setting(0), false));
  Attach here(runtime);
  with_kinds(random, [&]<class K, class V>() {
    const midden::MapOptions options{.backend = round.backend(random)};
    const bool ordered = midden::find_map_backend(options.backend)->ops(midden::Map<K, V>::shape)->ordered;
    if (!ordered || random.one_in(2)) {
      play(round, runtime, here, midden::make_concurrent_map<K, V>(here, options));
    } else {
      play(round, runtime, here, midden::make_concurrent_ordered_map<K, V>(here, options));
    }
  });
}

}  // namespace stress
