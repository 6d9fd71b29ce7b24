// Each map has a Runtime of its own, so that no other's entries are marked with it. What collecting
// costs is to be in the time of the thread that allocates: it alone marks, and it sweeps. That
// neighbours make a thread late to stop is not worth a warning here.

#include "tools/bench/maps/backend.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include <midden/concurrent_map.hpp>
#include <midden/map.hpp>
#include <midden/midden.hpp>

#include "tools/bench/maps/batched.hpp"
#include "tools/bench/workers.hpp"

namespace bench::maps {

namespace {

midden::Config collecting_alone() {
  midden::Config config = with_workers(1);
  config.housekeeper = false;
  config.stop_warn = std::chrono::milliseconds(0);
  return config;
}

class Collections final : public midden::Observer {
 public:
  void cycle_begins(std::uint64_t number, midden::Cause) override { count_ = number; }
  std::uint64_t count() const { return count_; }

 private:
  std::atomic<std::uint64_t> count_{0};
};

// The concurrent map of the same backend, as several threads share it. It takes the entries over when the first of
// them comes.
template <class M>
class SharedMap {
 public:
  static constexpr std::string_view name = "its own";

  explicit SharedMap(M&) {}

  template <class Here>
  void prepare(Here& here) {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) {
      const midden::Blocked waiting;
      lock.lock();
    }
    if (shared_) return;
    const auto made = M::make_concurrent(here);
    for (const auto entry : here.map()) made->insert_or_assign(here.attach(), entry.key, entry.value);
    here.map().clear();
    shared_.emplace(made);
  }
  template <class Here, class Key>
  void assign(Here& here, const Key& key, std::int64_t value) {
    shared_->get()->insert_or_assign(here.attach(), key, value);
  }
  template <class Here, class Key>
  void erase(Here& here, const Key& key) {
    shared_->get()->erase(here.attach(), key);
  }
  template <class Here, class Key>
  std::optional<std::int64_t> get(Here& here, const Key& key) {
    return shared_->get()->get(here.attach(), key);
  }

 private:
  std::mutex mutex_;
  std::optional<midden::GlobalRoot<typename M::Concurrent>> shared_;
};

// Map is a midden::Map or a midden::OrderedMap.
template <class Map>
class BackendMap {
  using K = typename Map::Key;

 public:
  using Key = std::conditional_t<std::is_same_v<K, std::string_view>, std::string, K>;
  using Waiting = midden::Blocked;
  using Shared = SharedMap<BackendMap>;
  static constexpr bool ordered = requires(const Map& map, K key) { map.lower_bound(key); };
  using Concurrent = std::conditional_t<ordered, midden::ConcurrentOrderedMap<K, std::int64_t>,
                                        midden::ConcurrentMap<K, std::int64_t>>;

  class Here {
   public:
    explicit Here(BackendMap& map) : attach_(map.runtime_), map_(*map.map_->get()) {}
    midden::Attach& attach() { return attach_; }
    Map& map() { return map_; }

   private:
    midden::Attach attach_;
    Map& map_;  // kept by the GlobalRoot
  };

  explicit BackendMap(const std::string& backend) : runtime_(collecting_alone()) {
    runtime_.add_observer(collections_);
    midden::Attach here(runtime_);
    if constexpr (ordered) {
      map_.emplace(midden::make_ordered_map<K, std::int64_t>(here, {.backend = backend}));
    } else {
      map_.emplace(midden::make_map<K, std::int64_t>(here, {.backend = backend}));
    }
  }

  static midden::Root<Concurrent> make_concurrent(Here& here) {
    const std::string backend(here.map().backend_name());
    if constexpr (ordered) {
      return midden::make_concurrent_ordered_map<K, std::int64_t>(here.attach(), {.backend = backend});
    } else {
      return midden::make_concurrent_map<K, std::int64_t>(here.attach(), {.backend = backend});
    }
  }

  // Not from stats, which begins to sample look-ups.
  std::size_t size() const {
    const midden::Attach here(runtime_);
    return map_->get()->size();
  }
  static void assign(Here& here, const Key& key, std::int64_t value) {
    here.map().insert_or_assign(here.attach(), key, value);
  }
  static std::optional<std::int64_t> get(Here& here, const Key& key) { return here.map().get(key); }
  template <class F>
  static void get_many(Here& here, std::span<const Key> keys, F&& f) {
    here.map().find_many(keys, f);
  }
  static bool erase(Here& here, const Key& key) { return here.map().erase(here.attach(), key); }
  template <class F>
  static void each(Here& here, F&& f) {
    for (const auto entry : here.map()) f(entry.value);
  }
  template <class F>
  static void from(Here& here, const Key& key, F&& f) {
    for (auto cursor = here.map().lower_bound(key); cursor && f(cursor.value()); ++cursor) continue;
  }
  std::optional<std::size_t> heap_bytes() const { return stats().bytes; }
  std::optional<std::uint64_t> collections() const { return collections_.count(); }

 private:
  midden::MapStats stats() const {
    const midden::Attach here(runtime_);
    return map_->get()->stats();
  }

  Collections collections_;
  mutable midden::Runtime runtime_;
  std::optional<midden::GlobalRoot<Map>> map_;
};

template <class K>
std::unique_ptr<Subject> make_with_keys(const std::string& name) {
  const midden::MapOps* const ops = midden::find_map_backend(name)->ops(midden::Map<K, std::int64_t>::shape);
  if (ops != nullptr && ops->ordered) {
    return std::make_unique<Batched<BackendMap<midden::OrderedMap<K, std::int64_t>>>>(name);
  }
  return std::make_unique<Batched<BackendMap<midden::Map<K, std::int64_t>>>>(name);
}

}  // namespace

std::unique_ptr<Subject> make_backend(const std::string& name, bool with_strings) {
  return with_strings ? make_with_keys<std::string_view>(name) : make_with_keys<std::uint64_t>(name);
}

}  // namespace bench::maps
