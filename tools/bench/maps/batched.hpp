#pragma once
// Batched<M>: a subject of any map, the loops over a batch compiled with the map.
//
// M has
//   Key, ordered              std::string or std::uint64_t; whether it has `from`
//   Here(map)                 what a thread needs while it uses the map, made for each batch: attached
//   Waiting                   what stands around waiting (guarded.hpp)
//   Shared(map), and ::name   the map for several threads: Guarded<M>, or what the map has itself; one that
//                             has `prepare` is told by each thread before it works
//   assign, get, erase        of one key; `get` answers a std::optional, `erase` whether it was there;
//                             one that cannot has no `erase`
//   get_many                  calls f(key, value or null) for each key of a span; where the map can
//   each, from                calls f(value) for each entry, or for those from a key on while f is true
//   size
//   heap_bytes, collections   as Subject has them
//
// Threads: as Subject.

#include <algorithm>
#include <chrono>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "tools/bench/maps/subject.hpp"
#include "tools/bench/timing.hpp"

namespace bench::maps {

template <class M>
class Batched final : public Subject {
 public:
  template <class... Arguments>
  explicit Batched(const Arguments&... arguments) : map_(arguments...) {}

  bool ordered() const override { return M::ordered; }
  bool erases() const override { return can_erase; }
  std::string_view guard() const override { return Shared::name; }
  std::size_t size() const override { return map_.size(); }

  void assign(const Batch& batch) override {
    Here here(map_);
    for (std::size_t i = 0; i < batch.size(); ++i) map_.assign(here, batch.key<Key>(i), batch.value(i));
  }

  double longest_assign(const Batch& batch) override {
    Here here(map_);
    double longest = 0;
    double before = thread_cpu_seconds();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto collections = map_.collections();
      map_.assign(here, batch.key<Key>(i), batch.value(i));
      const double after = thread_cpu_seconds();
      if (collections == map_.collections()) longest = std::max(longest, after - before);
      before = after;
    }
    return longest;
  }

  std::size_t look_up(const Batch& batch) override {
    Here here(map_);
    std::size_t found = 0;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::optional<std::int64_t> value = map_.get(here, batch.key<Key>(i));
      found += value ? 1U : 0U;
      wrong += value && *value != batch.value(i) ? 1U : 0U;
    }
    require_none(wrong);
    return found;
  }

  bool looks_up_many() const override { return can_look_up_many; }
  std::size_t look_up_many([[maybe_unused]] const Batch& batch) override {
    if constexpr (can_look_up_many) {
      Here here(map_);
      std::size_t found = 0;
      std::size_t wrong = 0;
      std::size_t i = 0;
      map_.get_many(here, batch.keys<Key>(), [&](const Key&, const std::int64_t* value) {
        found += value != nullptr ? 1U : 0U;
        wrong += value != nullptr && *value != batch.value(i) ? 1U : 0U;
        ++i;
      });
      require_none(wrong);
      return found;
    } else {
      throw std::logic_error("the map looks up one key at a time");
    }
  }

  std::size_t erase([[maybe_unused]] const Batch& batch) override {
    if constexpr (can_erase) {
      Here here(map_);
      std::size_t erased = 0;
      for (std::size_t i = 0; i < batch.size(); ++i) erased += map_.erase(here, batch.key<Key>(i)) ? 1U : 0U;
      return erased;
    } else {
      throw std::logic_error("the map cannot erase");
    }
  }

  Shown scan() override {
    Here here(map_);
    Shown shown;
    map_.each(here, [&](std::int64_t value) { shown.add(value); });
    return shown;
  }

  std::vector<std::int64_t> values() override {
    Here here(map_);
    std::vector<std::int64_t> values;
    values.reserve(map_.size());
    map_.each(here, [&](std::int64_t value) { values.push_back(value); });
    return values;
  }

  Shown ranges([[maybe_unused]] const Batch& batch, [[maybe_unused]] std::size_t entries) override {
    if constexpr (M::ordered) {
      Here here(map_);
      Shown all;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        std::size_t left = entries;
        map_.from(here, batch.key<Key>(i), [&](std::int64_t value) {
          all.add(value);
          return --left > 0;
        });
      }
      return all;
    } else {
      throw std::logic_error("the map has no order");
    }
  }

  Interval work(const Batch& batch, Start& start) override {
    Here here(map_);
    if constexpr (requires { shared_.prepare(here); }) shared_.prepare(here);
    {
      const typename M::Waiting waiting;
      start.wait();
    }
    std::size_t wrong = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Key& key = batch.key<Key>(i);
      switch (batch.operation(i)) {
        case Operation::look_up: {
          const std::optional<std::int64_t> value = shared_.get(here, key);
          wrong += value && *value != batch.value(i) ? 1U : 0U;
          break;
        }
        case Operation::assign:
          shared_.assign(here, key, batch.value(i));
          break;
        case Operation::erase:
          shared_.erase(here, key);
          break;
      }
    }
    const auto end = std::chrono::steady_clock::now();
    require_none(wrong);
    return {begin, end};
  }

  std::optional<std::size_t> heap_bytes() const override { return map_.heap_bytes(); }
  std::optional<std::uint64_t> collections() const override { return map_.collections(); }

 private:
  using Key = typename M::Key;
  using Here = typename M::Here;
  struct NoLook {
    void operator()(const Key&, const std::int64_t*) const {}
  };
  using Shared = typename M::Shared;
  static constexpr bool can_look_up_many = requires(M & map, Here& here, std::span<const Key> keys) {
    map.get_many(here, keys, NoLook{});
  };
  static constexpr bool can_erase = requires(M & map, Here& here, const Key& key) { map.erase(here, key); };

  static void require_none(std::size_t wrong) {
    if (wrong != 0) throw std::runtime_error(std::to_string(wrong) + " look-ups found the value of another key");
  }

  M map_;
  Shared shared_{map_};
};

}  // namespace bench::maps
