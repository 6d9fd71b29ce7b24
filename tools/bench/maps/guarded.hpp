#pragma once
// A map for one writer or many readers, as several threads may use it: under a std::shared_mutex.
//
//   Waiting   what stands around waiting for the lock: midden::Blocked for a thread that is attached,
//             since a collection would wait for it as it waits; Plain for all others
//
// Inside the lock an attached thread may stop for a collection: who wants the lock is Blocked then.
//
// Threads: any.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>

namespace bench::maps {

struct Plain {
  Plain() {}  // not trivial: it stands for one that is not
};

template <class M>
class Guarded {
 public:
  static constexpr std::string_view name = "shared_mutex";

  explicit Guarded(M& map) : map_(map) {}

  template <class Here, class Key>
  void assign(Here& here, const Key& key, std::int64_t value) {
    const std::unique_lock lock = written();
    map_.assign(here, key, value);
  }
  template <class Here, class Key>
  void erase(Here& here, const Key& key) {
    const std::unique_lock lock = written();
    map_.erase(here, key);
  }
  template <class Here, class Key>
  std::optional<std::int64_t> get(Here& here, const Key& key) {
    const std::shared_lock lock = read();
    return map_.get(here, key);
  }

 private:
  using Waiting = typename M::Waiting;

  std::unique_lock<std::shared_mutex> written() {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) {
      const Waiting waiting;
      lock.lock();
    }
    return lock;
  }
  std::shared_lock<std::shared_mutex> read() {
    std::shared_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) {
      const Waiting waiting;
      lock.lock();
    }
    return lock;
  }

  M& map_;
  std::shared_mutex mutex_;
};

}  // namespace bench::maps
