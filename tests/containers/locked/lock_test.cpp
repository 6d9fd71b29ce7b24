// The lock of shards: writers alone, readers together, nobody forgotten.

#include "containers/locked/lock.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/sanitized.hpp"

using midden::containers::locked::Lock;
using midden::containers::locked::Reading;
using midden::containers::locked::Writing;

TEST_CASE("A lock is one writer's, or many readers'") {
  Lock lock;
  CHECK(sizeof lock == 4);
  {
    const Writing writing(lock);
    CHECK_FALSE(lock.try_lock());
    CHECK_FALSE(lock.try_lock_shared());
  }
  {
    const Reading one(lock);
    const Reading two(lock);
    CHECK_FALSE(lock.try_lock());
    REQUIRE(lock.try_lock_shared());
    lock.unlock_shared();
  }
  REQUIRE(lock.try_lock());
  lock.unlock();
}

TEST_CASE("A writer that waits gets the lock although readers keep coming") {
  Lock lock;
  std::atomic<bool> written{false};
  std::atomic<int> reading{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!written) {
        const Reading held(lock);
        ++reading;
      }
    });
  }
  while (reading < 1000) std::this_thread::yield();
  {
    const Writing held(lock);
    written = true;
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(written);
}

TEST_CASE("Under a lock what writers do is seen whole, and none of them waits for ever") {
  Lock lock;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::atomic<int> torn{0};
  const int rounds = sanitized ? 3000 : 50'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < rounds; ++i) {
        if ((i + t) % 3 == 0) {
          const Writing held(lock);
          ++first;
          if (i % 100 == 0) std::this_thread::yield();  // others go to sleep
          ++second;
        } else {
          const Reading held(lock);
          if (first != second) ++torn;
          if (i % 100 == 1) std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(torn == 0);
  CHECK(first == second);
  std::uint64_t writes = 0;
  for (int t = 0; t < 4; ++t) {
    for (int i = 0; i < rounds; ++i) writes += (i + t) % 3 == 0 ? 1 : 0;
  }
  CHECK(first == writes);
}
