#pragma once
// The conformance suite of maps: what every backend must do, whatever keys and values it holds.
//
//   Bench<K, V>    a map, and a std::map of what should be in it; Bench<K, V, M> of another kind of map
//   for_each_backend(f)   calls f with each name that is registered, the test's own ones included
//   for_each_concurrent_backend(f)   without those of maps that are being rebuilt: a ConcurrentMap is not
//
// A bench performs an operation on both sides and compares the answers. Numbers stand for keys
// and values (map_kinds.hpp). A comparison that fails stops the test case.

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/map.hpp>
#include <midden/midden.hpp>

#include "tests/containers/always_rebuilt.hpp"
#include "tests/containers/map_kinds.hpp"
#include "tests/containers/sorted_array.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

// A small heap, deaf to the environment. Everything random of it derives from the test's seed:
// under stress so do the secrets of hashing, and this stress never comes due.
inline midden::Config map_config() {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.reserve = std::size_t{4} << 30;
  config.seed = test_seed() | 1;
  config.stress.root = ~std::uint32_t{0};
  return config;
}

// For many threads on few processors, which stop late by no fault of theirs.
inline midden::Config shared_config() {
  midden::Config config = map_config();
  config.stop_warn = std::chrono::milliseconds(0);
  return config;
}

// With the second marker and the heap walk, and a collection at every n-th allocation.
inline midden::Config stressed_config(std::uint32_t every) {
  midden::Config config = map_config();
  config.check = true;
  config.stress.alloc = every;
  return config;
}

// Those that are there before the first test: others may register what holds no map at all.
inline const std::vector<std::string> suite_backends = [] {
  sorted_array_backend();
  always_rebuilt_backends();
  std::vector<std::string> names = midden::map_backend_names();
  std::erase(names, "skiplist-again");
  return names;
}();

template <class F>
void for_each_backend(F&& f) {
  for (const std::string& name : suite_backends) {
    INFO("backend " << name);
    f(name);
  }
}
template <class F>
void for_each_concurrent_backend(F&& f) {
  for_each_backend([&](const std::string& name) {
    if (!is_always_rebuilt(name)) f(name);
  });
}

// Those that keep order.
template <class K, class V, class F>
void for_each_ordered_backend(F&& f) {
  for_each_backend([&](const std::string& name) {
    const midden::MapOps* const ops = midden::find_map_backend(name)->ops(midden::Map<K, V>::shape);
    if (ops != nullptr && ops->ordered) f(name);
  });
}

inline void must(bool held, const char* what) {
  if (!held) FAIL(what);
}

// A new map of the kind M.
template <class M>
midden::Root<M> make_of(const std::string& backend) {
  using K = typename M::Key;
  using V = typename M::Value;
  if constexpr (std::is_same_v<M, midden::Map<K, V>>) return midden::make_map<K, V>({.backend = backend});
  if constexpr (std::is_same_v<M, midden::ConcurrentMap<K, V>>) {
    return midden::make_concurrent_map<K, V>({.backend = backend});
  }
}

template <class K, class V, class M = midden::Map<K, V>>
class Bench {
 public:
  using Map = M;
  // By the bytes of the key, in order: the numbers of key and value.
  using Model = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;

  Bench(midden::Runtime& runtime, const std::string& backend) : runtime_(runtime), map_(make_of<M>(backend)) {
    must(map_->backend_name() == backend, "the map has the backend that was asked for");
  }

  Map& map() { return *map_; }
  const Model& model() const { return model_; }
  std::uint64_t erased() const { return erased_; }  // entries so far
  midden::Runtime& runtime() { return runtime_; }

  static typename Kind<K>::Own key(std::uint64_t n) { return Kind<K>::make(n); }
  static std::string place(std::uint64_t n) { return in_order<K>(key(n)); }
  bool holds(std::uint64_t n) const { return model_.contains(place(n)); }

  // --- operations on both sides ---------------------------------------------------------------

  void assign(std::uint64_t n, std::uint64_t value) {
    const bool inserted = map_->insert_or_assign(key(n), Kind<V>::make(value));
    must(inserted == !holds(n), "insert_or_assign tells whether it inserted");
    model_[place(n)] = {n, value};
  }
  void emplace(std::uint64_t n, std::uint64_t value) {
    const bool inserted = map_->try_emplace(key(n), Kind<V>::make(value));
    must(inserted == model_.try_emplace(place(n), n, value).second, "try_emplace tells whether it inserted");
  }
  void erase(std::uint64_t n) {
    const bool erased = map_->erase(key(n));
    must(erased == (model_.erase(place(n)) == 1), "erase tells whether the key was there");
    erased_ += erased ? 1 : 0;
  }
  void clear() {
    map_->clear();
    model_.clear();
  }

  // --- comparisons ----------------------------------------------------------------------------

  void look(std::uint64_t n) {
    const auto known = model_.find(place(n));
    const bool there = known != model_.end();
    must(map_->contains(key(n)) == there, "contains agrees");
    const auto owned = map_->get(key(n));
    must(owned.has_value() == there, "get agrees");
    const auto& found = map_->find(key(n));
    must(static_cast<bool>(found) == there, "find agrees");
    if (!there) return;
    must(is_value(*owned, known->second.second), "get returns the value");
    must(is_value(*found, known->second.second), "find shows the value");
    must(is_value(map_->at(key(n)), known->second.second), "at returns the value");
  }
  void compare_sizes() {
    must(map_->size() == model_.size(), "size agrees");
    must(map_->empty() == model_.empty(), "empty agrees");
    must(map_->stats().entries == model_.size(), "the count of entries in stats agrees");
  }
  // Everything, by looking each key up and by a walk.
  void compare() {
    compare_sizes();
    for (const auto& [bytes, numbers] : model_) look(numbers.first);
    std::set<std::string> shown;
    for (const auto entry : *map_) {
      const std::string bytes = in_order<K>(typename Kind<K>::Own(entry.key));
      must(shown.insert(bytes).second, "a walk shows no key twice");
      const auto known = model_.find(bytes);
      must(known != model_.end(), "a walk shows keys that are there");
      must(is_value(entry.value, known->second.second), "a walk shows values that are there");
    }
    must(shown.size() == model_.size(), "a walk shows every key");
  }

  // --- random -----------------------------------------------------------------------------------

  // One operation on keys 0 ... keys-1. More `growth` of ten inserts than erases.
  void step(std::mt19937_64& random, std::uint64_t keys, unsigned growth) {
    const std::uint64_t n = random() % keys;
    const auto dice = static_cast<unsigned>(random() % 10);
    if (dice < growth) {
      random() % 3 == 0 ? emplace(n, random() % 1000) : assign(n, random() % 1000);
    } else if (dice < 9) {
      erase(n);
    } else {
      look(n);
    }
  }

 private:
  midden::Runtime& runtime_;
  midden::Root<Map> map_;
  Model model_;
  std::uint64_t erased_ = 0;
};

// Calls f.template operator()<V>() for each kind of value.
template <class F>
void for_each_value(F&& f) {
  f.template operator()<std::int64_t>();
  f.template operator()<std::uint32_t>();
  f.template operator()<Nothing>();
  f.template operator()<Large>();
  f.template operator()<std::string_view>();
  f.template operator()<midden::Ref<Node>>();
}
