#pragma once
// A Map or an OrderedMap beside a std::map of numbers.
//
//   operate    an operation on both, and a comparison of what it returns
//   compare    all of both
//
// Snapshots are kept beside copies of the model, pins beside the entry's number; both are looked at whatever has
// become of the map meanwhile. An operation that throws OutOfMemory has changed neither.
//
// Threads: one.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <midden/map.hpp>

#include "tools/stress/kinds.hpp"
#include "tools/stress/round.hpp"

namespace stress {

template <class M>
class MapModel {
  using K = typename M::Key;
  using V = typename M::Value;
  using Model = std::map<std::uint64_t, std::uint64_t>;
  static constexpr bool ordered = requires(const M& map, typename Kind<K>::Own key) { map.lower_bound(key); };

 public:
  MapModel(const Round& round, midden::Runtime& runtime, midden::Attach& here, midden::Root<M> map, std::uint64_t keys)
      : round_(round), runtime_(runtime), here_(here), map_(std::move(map)), keys_(keys) {}

  void operate(Random& random) {
    const std::uint64_t n = random.below(keys_);
    const auto key = Kind<K>::make(here_, n);
    switch (random.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return assign(n, key, random.below(100'000));
      case 6:
        return emplace(n, key, random.below(100'000));
      case 7:
      case 8:
      case 9:
      case 10:
        return erase(n, key);
      case 11:
        return walk_part(random, key);
      case 12:
        return snapshot(random);
      case 13:
        return pin(random, n, key);
      case 14:
        return look_many(random);
      case 15:
        return remake(random);
      case 16:
        if (random.one_in(40)) return clear();
        if (random.one_in(6)) return collect();
        return look(n, key);
      default:
        return look(n, key);
    }
  }

  void collect() {
    round_.tell("collect");
    runtime_.collect();
    compare();
  }

  void compare() {
    same_as(*map_, model_, "the map");
    for (const auto& [view, model] : snapshots_) same_as(*view, model, "a snapshot");
    for (const Pinned& pinned : pins_) must_show(pinned);
  }

  // Lets go of everything.
  void finish() {
    compare();
    snapshots_.clear();
    pins_.clear();
    model_.clear();
    map_->clear();
    same_as(*map_, model_, "the map");
  }

 private:
  struct Pinned {
    midden::EntryPin<K, V> pin;
    std::uint64_t key;
    std::uint64_t value;
  };

  void assign(std::uint64_t n, const typename Kind<K>::Own& key, std::uint64_t number) {
    round_.tell("[{}] = {}", n, number);
    const bool inserted = map_->insert_or_assign(here_, key, Kind<V>::make(here_, number));
    must(inserted != model_.contains(n), "an assignment to {} says that it {}", n, inserted ? "inserted" : "did not");
    model_[n] = number;
  }
  void emplace(std::uint64_t n, const typename Kind<K>::Own& key, std::uint64_t number) {
    round_.tell("try [{}] = {}", n, number);
    const bool inserted = map_->try_emplace(here_, key, Kind<V>::make(here_, number));
    must(inserted == model_.try_emplace(n, number).second, "an insertion of {} says that it {}", n,
         inserted ? "was done" : "was not");
  }
  void erase(std::uint64_t n, const typename Kind<K>::Own& key) {
    round_.tell("erase {}", n);
    const bool erased = map_->erase(here_, key);
    must(erased == (model_.erase(n) != 0), "an erase of {} says that it {}", n, erased ? "was done" : "was not");
  }
  void clear() {
    round_.tell("clear");
    map_->clear();
    model_.clear();
  }
  void look(std::uint64_t n, const typename Kind<K>::Own& key) {
    round_.tell("find {}", n);
    const auto known = model_.find(n);
    const auto hit = map_->find(key);
    must(static_cast<bool>(hit) == (known != model_.end()), "{} is {}", n, hit ? "there" : "absent");
    if (hit) must(is_number<V>(*hit, known->second), "the value of {} is not {}", n, known->second);
  }
  void look_many(Random& random) {
    std::vector<std::uint64_t> numbers(random.of_any_size(6));
    const std::uint64_t from = random.below(keys_);
    for (std::uint64_t& n : numbers) n = from + random.below(50);
    round_.tell("find {} keys from {} on", numbers.size(), from);
    std::vector<typename Kind<K>::Own> keys;
    for (const std::uint64_t n : numbers) keys.push_back(Kind<K>::make(here_, n));
    std::size_t i = 0;
    map_->find_many(keys, [&](const auto&, const auto* value) {
      const auto known = model_.find(numbers[i]);
      must((value != nullptr) == (known != model_.end()), "among many {} is {}", numbers[i],
           value != nullptr ? "there" : "absent");
      if (value != nullptr) must(is_number<V>(*value, known->second), "among many {} has another value", numbers[i]);
      ++i;
    });
    must(i == numbers.size(), "of {} keys {} were looked up", numbers.size(), i);
  }

  // Some of a walk, beside which objects are made and the map is written. It shows what is there when the cursor comes
  // to it, and what is not written meanwhile once.
  void walk_part(Random& random, const typename Kind<K>::Own& key) {
    std::uint64_t left = random.below(60);
    const bool writes = random.one_in(2);
    round_.tell("walk over {}{}", left, writes ? " and write" : "");
    std::set<std::uint64_t> seen;
    std::set<std::uint64_t> written;
    const auto see = [&](const auto& entry) {
      const std::uint64_t shown = number_of(entry.key);
      const auto known = model_.find(shown);
      must(known != model_.end(), "a walk shows {}, which is absent", shown);
      must(seen.insert(shown).second || written.contains(shown), "a walk shows {} twice", shown);
      must(is_number<V>(entry.value, known->second), "a walk shows {} with another value", shown);
      if (random.one_in(8)) make_node(here_, shown);
      const std::uint64_t value = known->second;
      for (std::uint64_t count = writes ? random.below(4) : 0; count > 0; --count) {
        written.insert(write_one(random, random.one_in(3) ? shown : random.below(keys_)));
      }
      // What it showed then it shows still.
      must(number_of(entry.key) == shown, "a cursor shows another key than {} beside a write", shown);
      must(is_number<V>(entry.value, value), "a cursor shows another value of {} beside a write", shown);
    };
    const auto walk = [&](auto cursor) {
      for (; cursor != map_->end() && left > 0; ++cursor, --left) see(*cursor);
    };
    if constexpr (ordered) {
      if (random.one_in(2)) return walk(map_->lower_bound(key));
    }
    walk(map_->begin());
  }
  // Returns the number of the key.
  std::uint64_t write_one(Random& random, std::uint64_t n) {
    const auto key = Kind<K>::make(here_, n);
    random.one_in(2) ? erase(n, key) : assign(n, key, random.below(100'000));
    return n;
  }

  void snapshot(Random& random) {
    if (!snapshots_.empty() && random.one_in(2)) {
      round_.tell("close a snapshot");
      const std::size_t i = random.below(snapshots_.size());
      same_as(*snapshots_[i].first, snapshots_[i].second, "a snapshot");
      std::swap(snapshots_[i], snapshots_.back());
      snapshots_.pop_back();
    } else if (snapshots_.size() < 3) {
      round_.tell("take a snapshot");
      snapshots_.emplace_back(map_->snapshot(), model_);
    }
  }

  void pin(Random& random, std::uint64_t n, const typename Kind<K>::Own& key) {
    if (pins_.size() > 20 || (!pins_.empty() && random.one_in(2))) {
      const std::size_t i = random.below(pins_.size());
      round_.tell("end a pin of {}", pins_[i].key);
      must_show(pins_[i]);
      std::swap(pins_[i], pins_.back());
      pins_.pop_back();
      return;
    }
    round_.tell("pin {}", n);
    const auto known = model_.find(n);
    midden::EntryPin<K, V> pin = map_->pin(key);
    must(static_cast<bool>(pin) == (known != model_.end()), "a pin of {} is {}", n, pin ? "of something" : "empty");
    if (pin) pins_.push_back({std::move(pin), n, known->second});
  }
  static void must_show(const Pinned& pinned) {
    must(number_of(pinned.pin.key()) == pinned.key, "a pin of {} has another key", pinned.key);
    must(is_number<V>(pinned.pin.value(), pinned.value), "a pin of {} has another value", pinned.key);
  }

  // Another backend, or fresh memory.
  void remake(Random& random) {
    const std::string& backend = round_.backend(random);
    if (!random.one_in(4)) return;
    if (random.one_in(3)) {
      round_.tell("finish moving");
      map_->finish_rebuild();
    } else if (ordered || random.one_in(2)) {
      round_.tell("compact");
      map_->compact();
    } else {
      round_.tell("move to {}", backend);
      map_->rebuild(backend);
    }
  }

  static std::uint64_t number_of(const auto& key) { return Kind<K>::number(key); }

  template <class View>
  void same_as(const View& view, const Model& model, std::string_view what) {
    must(view.size() == model.size(), "{} has {} entries and not {}", what, view.size(), model.size());
    std::size_t shown = 0;
    std::optional<typename Kind<K>::Own> last;
    std::vector<std::uint64_t> seen;
    for (const auto entry : view) {
      const std::uint64_t n = number_of(entry.key);
      const auto known = model.find(n);
      must(known != model.end(), "{} shows {}, which is absent", what, n);
      must(is_number<V>(entry.value, known->second), "{} shows {} with a value that is not {}", what, n, known->second);
      if constexpr (ordered) {
        must(!last || *last < typename Kind<K>::Own(entry.key), "{} shows {} out of order", what, n);
        last = typename Kind<K>::Own(entry.key);
      }
      seen.push_back(n);
      ++shown;
    }
    must(shown == model.size(), "{} shows {} entries of {}", what, shown, model.size());
    std::sort(seen.begin(), seen.end());
    must(std::adjacent_find(seen.begin(), seen.end()) == seen.end(), "{} shows an entry twice", what);
  }

  const Round& round_;
  midden::Runtime& runtime_;
  midden::Attach& here_;
  midden::Root<M> map_;
  const std::uint64_t keys_;
  Model model_;
  std::vector<std::pair<decltype(std::declval<M&>().snapshot()), Model>> snapshots_;
  std::vector<Pinned> pins_;
};

// f(model) with a new map of random kinds and backend, one with order where the backend has that.
template <class F>
void with_map(const Round& round, midden::Runtime& runtime, midden::Attach& here, Random& random, F&& f) {
  const std::uint64_t keys = 1 + random.of_any_size(11);
  with_kinds(random, [&]<class K, class V>() {
    const std::string& name = round.backend(random);
    const bool ordered = midden::find_map_backend(name)->ops(midden::Map<K, V>::shape)->ordered;
    const bool automatic = round.backends().size() > 1 && random.one_in(6);
    const midden::MapOptions options{.backend = automatic ? std::string_view("auto") : std::string_view(name)};
    if (automatic || !ordered || random.one_in(2)) {
      MapModel model(round, runtime, here, midden::make_map<K, V>(here, options), keys);
      f(model);
    } else {
      MapModel model(round, runtime, here, midden::make_ordered_map<K, V>(here, options), keys);
      f(model);
    }
  });
}

}  // namespace stress
