// The thread that finishes what nobody waits for.

#include "runtime/housekeeper.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include <midden/array.hpp>
#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/resident.hpp"

namespace midden::runtime {
namespace {

using namespace std::chrono_literals;

bool no_errand() { return false; }
const Placement anywhere;

TEST_CASE("A housekeeper works a while after it was woken, again while there is more, and then no more") {
  std::atomic<int> times{0};
  Housekeeper housekeeper([&] { return ++times < 3; }, no_errand, anywhere);
  std::this_thread::sleep_for(2 * Housekeeper::period);
  CHECK(times == 0);
  const auto begin = std::chrono::steady_clock::now();
  housekeeper.wake();
  housekeeper.wake();
  CHECK(within(60s, [&] { return times >= 3; }));
  CHECK(std::chrono::steady_clock::now() - begin >= 3 * Housekeeper::period);
  std::this_thread::sleep_for(2 * Housekeeper::period);
  CHECK(times == 3);
  housekeeper.wake();
  CHECK(within(60s, [&] { return times == 4; }));
}

TEST_CASE("A housekeeper runs its errands at once, all of them, and its work nevertheless") {
  std::atomic<int> works{0};
  std::atomic<int> errands{0};
  Housekeeper housekeeper([&] { return ++works < 2; }, [&] { return ++errands % 5 != 0; }, anywhere);
  const auto begin = std::chrono::steady_clock::now();
  housekeeper.wake();
  housekeeper.send();
  CHECK(within(60s, [&] { return errands == 5; }));
  const auto took = std::chrono::steady_clock::now() - begin;
  if (took < Housekeeper::period) CHECK(works == 0);
  // Sent again and again, it comes to its work.
  CHECK(within(60s, [&] {
    housekeeper.send();
    return works == 2;
  }));
  CHECK(within(60s, [&] { return errands % 5 == 0; }));
}

TEST_CASE("A housekeeper ends at once, while it waits and while it works") {
  {
    Housekeeper idle([] { return true; }, no_errand, anywhere);
    idle.wake();
  }
  std::atomic<bool> working{false};
  Housekeeper* self = nullptr;
  Housekeeper busy(
      [&] {
        working = true;
        while (!self->ending()) std::this_thread::yield();
        return true;
      },
      no_errand, anywhere);
  self = &busy;
  busy.wake();
  CHECK(within(60s, [&] { return working.load(); }));
  busy.end();
  busy.end();
  busy.wake();
}

// Fills the heap with arrays of 2 KiB, touched, of which every `keep`-th stays.
template <class T>
Root<Array<Ref<T>>> fill(std::size_t count, std::size_t keep) {
  Root<Array<Ref<T>>> kept = make_array<Ref<T>>(count / keep + 1);
  for (std::size_t i = 0; i < count; ++i) {
    Root<T> block = make<T>();
    std::memset(block->bytes, 1, sizeof block->bytes);
    if (i % keep == 0) (*kept)[i / keep] = block;
  }
  return kept;
}

struct Kilobytes {
  char bytes[2000];
  static constexpr Leaf midden_leaf{};
};

TEST_CASE("What died goes back to the system by itself, whole blocks and free pages of others") {
  Config config = quiet();
  config.gc_percent.reset();
  Runtime runtime(config);
  Attach here(runtime);
  constexpr std::size_t count = 60'000;
  auto kept = fill<Kilobytes>(count, 20);
  const std::uint64_t full = runtime.heap().committed_bytes;
  const std::uint64_t resident = resident_bytes();
  CHECK(full > 100 << 20);
  runtime.collect();
  CHECK(within(60s, [&] { return runtime.heap().returned_bytes > full / 2; }));
  const auto all_one = [](const Kilobytes& block) {
    return std::all_of(std::begin(block.bytes), std::end(block.bytes), [](char byte) { return byte == 1; });
  };
  for (std::size_t i = 0; i < count / 20; ++i) REQUIRE(all_one(*(*kept)[i]));
  kept = nullptr;
  runtime.collect();
  CHECK(within(60s, [&] { return runtime.heap().committed_bytes < full / 10; }));
  CHECK(runtime.heap().returned_bytes < full / 10);
  if (resident > full) CHECK(resident_bytes() < resident - full / 2);
}

TEST_CASE("Without a housekeeper the host's idle moments do its work") {
  Config config = quiet();
  config.housekeeper = false;
  config.gc_percent.reset();
  Runtime runtime(config);
  Attach here(runtime);
  fill<Kilobytes>(10'000, 10'000);
  const std::uint64_t full = runtime.heap().committed_bytes;
  runtime.collect();
  {
    const Blocked blocked;
    std::this_thread::sleep_for(3 * Housekeeper::period);
  }
  CHECK(runtime.heap().committed_bytes == full);
  CHECK(within(60s, [&] {
    while (!runtime.idle(1ms)) {
    }
    return runtime.heap().committed_bytes < full / 4;
  }));
}

TEST_CASE("A Runtime ends while its housekeeper has work to do") {
  for (int i = 0; i < 4; ++i) {
    Runtime runtime(quiet());
    {
      Attach here(runtime);
      fill<Kilobytes>(20'000, 100);
      runtime.collect();
    }
    std::this_thread::sleep_for(Housekeeper::period + i * 1ms);
  }
}

}  // namespace
}  // namespace midden::runtime
