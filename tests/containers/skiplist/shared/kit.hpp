#pragma once
// What the tests of the list with many writers share: memory, and grace periods of a few threads.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "containers/skiplist/shared/list.hpp"
#include "tests/containers/skiplist/list_kit.hpp"

namespace skiplist_test {

// Threads that say when they hold nothing of the list.
class TestGrace {
 public:
  static constexpr unsigned most_threads = 24;

  explicit TestGrace(unsigned threads) : threads_(threads) {}

  std::uint64_t begin() noexcept { return asked_.fetch_add(1) + 1; }
  void quiet(unsigned thread) noexcept { seen_[thread].store(asked_.load()); }
  void leave(unsigned thread) noexcept { seen_[thread].store(~std::uint64_t{0}); }
  bool over(std::uint64_t period) const noexcept {
    for (unsigned i = 0; i < threads_; ++i) {
      if (seen_[i].load() < period) return false;
    }
    return true;
  }

 private:
  const unsigned threads_;
  std::atomic<std::uint64_t> asked_{0};
  std::array<std::atomic<std::uint64_t>, most_threads> seen_{};
};

// The segments of one list, each an allocation of its own, filled with rubbish.
class TestSegments {
 public:
  std::byte* make(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (fail_at != 0 && ++requests >= fail_at) throw std::bad_alloc();
    made_.emplace_back(static_cast<std::byte*>(::operator new(bytes, line)));
    std::memset(made_.back().get(), 0xA5, bytes);
    return made_.back().get();
  }

  void discard(std::byte* begin, std::size_t bytes) {
    std::memset(begin, 0x5A, bytes);
    discarded += bytes;
  }

  std::atomic<std::size_t> discarded{0};
  std::atomic<unsigned> fail_at{0};  // this request fails and all after it; 0: none
  std::atomic<unsigned> requests{0};

 private:
  static constexpr std::align_val_t line{64};
  struct Free {
    void operator()(std::byte* begin) const { ::operator delete(begin, line); }
  };
  std::mutex mutex_;
  std::vector<std::unique_ptr<std::byte, Free>> made_;
};

class TestSharedMemory final : public SharedMemory {
 public:
  TestSharedMemory(TestSegments& segments, TestGrace& grace) : segments_(segments), grace_(grace) {}

  std::byte* segment(std::size_t bytes, std::size_t) override { return segments_.make(bytes); }
  void keep(unsigned) noexcept override {}
  void commit(unsigned, std::size_t) override {}
  void wait() override { std::this_thread::yield(); }
  void grow_column() override {}
  std::uint64_t begin_grace_period() noexcept override { return grace_.begin(); }
  bool grace_period_over(std::uint64_t period) const noexcept override { return grace_.over(period); }
  void discard(std::byte* begin, std::size_t bytes) noexcept override { segments_.discard(begin, bytes); }

 private:
  TestSegments& segments_;
  TestGrace& grace_;
};

// A list, its memory, and what one thread does to it.
template <class Key>
struct SharedTest {
  explicit SharedTest(unsigned threads, const Layout& layout = Form<Key>::layout,
                      unsigned segment_limit = Arena::max_segments, std::uint32_t clock_limit = Versions::most_clock)
      : grace(threads), list(layout, test_generator(78)(), nullptr, segment_limit, clock_limit) {}

  bool assign(std::string_view key, std::string_view value) { return write(key, value, Write::assign); }
  bool insert(std::string_view key, std::string_view value) { return write(key, value, Write::if_absent); }
  bool replace(std::string_view key, std::string_view expected, std::string_view desired) {
    TestSharedMemory memory(segments, grace);
    return list.replace(memory, key_of<Key>(key), as_bytes(expected), as_bytes(desired));
  }
  bool erase(std::string_view key) {
    TestSharedMemory memory(segments, grace);
    return list.erase(memory, key_of<Key>(key));
  }
  bool erase_if(std::string_view key, std::string_view expected) {
    TestSharedMemory memory(segments, grace);
    const Bytes bytes = as_bytes(expected);
    return list.erase(memory, key_of<Key>(key), &bytes);
  }
  Moment snapshot() {
    TestSharedMemory memory(segments, grace);
    return list.open_snapshot(memory);
  }
  ListAt<Key> at(Moment moment) const { return ListAt<Key>(list, moment.s); }
  std::string value_at(Moment moment, std::string_view key) const {
    const std::byte* const entry = at(moment).find(key_of<Key>(key));
    return entry == nullptr ? "(absent)" : as_string(list.layout().value(entry));
  }
  std::string value(std::string_view key) const {
    const std::byte* const entry = list.find(key_of<Key>(key));
    return entry == nullptr ? "(absent)" : as_string(list.layout().value(entry));
  }
  std::string key_at(const Cursor& cursor) const { return as_string(list.layout().key(cursor.entry)); }
  std::string value_at(const Cursor& cursor) const { return as_string(list.layout().value(cursor.entry)); }

  TestGrace grace;
  TestSegments segments;
  SharedList<Key> list;

 private:
  bool write(std::string_view key, std::string_view value, Write mode) {
    TestSharedMemory memory(segments, grace);
    return list.upsert(memory, key_of<Key>(key), as_bytes(value), mode);
  }
};

// Runs f(thread) on each of them, and lets each leave the grace periods at its end.
template <class Test, class F>
void side_by_side(Test& test, unsigned threads, F&& f) {
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      f(t);
      test.grace.leave(t);
    });
  }
  for (std::thread& thread : running) thread.join();
}

// The same, and beside them, where `snapshots` says so, one more that takes snapshots, two at a time, and closes them.
template <class Test, class F>
void side_by_side(Test& test, unsigned threads, bool snapshots, F&& f) {
  std::atomic<unsigned> running{threads};
  side_by_side(test, threads + (snapshots ? 1 : 0), [&](unsigned t) {
    if (t < threads) {
      f(t);
      --running;
      return;
    }
    while (running != 0) {
      const Moment first = test.snapshot();
      const Moment second = test.snapshot();
      test.list.close_snapshot(first);
      test.grace.quiet(t);
      test.list.close_snapshot(second);
      std::this_thread::yield();
    }
  });
}

}  // namespace skiplist_test
