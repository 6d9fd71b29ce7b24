#include "collector/heap/block_pool.hpp"

#include <algorithm>
#include <new>
#include <vector>

#include "tests/collector/fake_pages.hpp"
#include "tests/collector/host_memory.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {

using namespace collector;

namespace {

// A pool over blocks of an address space, all of them the test's.
struct BarePool {
  explicit BarePool(std::size_t blocks) : space(pages, blocks * block_bytes), pool(space) {
    REQUIRE(space.extend(blocks));
  }
  // Blocks that are new to the pool, and a run that comes back.
  void add(BlockIndex begin, std::size_t blocks, bool zero = true) {
    describe(begin, blocks, zero);
    pool.add(begin, blocks);
  }
  void put(BlockIndex begin, std::size_t blocks, bool zero = true) {
    describe(begin, blocks, zero);
    pool.put(begin, blocks);
  }
  void describe(BlockIndex begin, std::size_t blocks, bool zero) {
    for (std::size_t i = 0; i < blocks; ++i) {
      space.block(static_cast<BlockIndex>(begin + i)) = Block{.state = BlockState::free, .zero = zero};
    }
  }
  std::vector<std::pair<BlockIndex, std::size_t>> runs() const {
    std::vector<std::pair<BlockIndex, std::size_t>> result;
    pool.for_each_run([&](BlockIndex begin, std::size_t length) { result.emplace_back(begin, length); });
    return result;
  }

  FakePages pages;
  AddressSpace space;
  BlockPool pool;
};

using Runs = std::vector<std::pair<BlockIndex, std::size_t>>;

TEST_CASE("An empty pool has nothing to give") {
  BarePool bare(64);
  CHECK(bare.pool.take(1) == no_block);
  CHECK(bare.pool.free_blocks() == 0);
}

TEST_CASE("The best fit is taken, at the lowest address among equals, from its front") {
  BarePool bare(64);
  bare.add(0, 10);
  bare.add(20, 4);
  bare.add(30, 4);
  bare.add(40, 2);
  CHECK(bare.pool.take(3) == 20);
  CHECK(bare.runs() == Runs{{0, 10}, {23, 1}, {30, 4}, {40, 2}});
  CHECK(bare.pool.take(3) == 30);
  CHECK(bare.pool.take(11) == no_block);
  CHECK(bare.pool.take(10) == 0);
  CHECK(bare.runs() == Runs{{23, 1}, {33, 1}, {40, 2}});
}

TEST_CASE("Neighbours are joined on both sides") {
  BarePool bare(64);
  bare.add(10, 2);
  bare.add(14, 2);
  bare.add(20, 2);
  CHECK(bare.runs() == Runs{{10, 2}, {14, 2}, {20, 2}});
  bare.add(12, 2);
  CHECK(bare.runs() == Runs{{10, 6}, {20, 2}});
  bare.add(8, 2);
  bare.add(22, 1);
  CHECK(bare.runs() == Runs{{8, 8}, {20, 3}});
}

TEST_CASE("Blocks known to be zero are counted apart, also where a run mixes both") {
  BarePool bare(64);
  bare.add(0, 3, true);
  bare.add(3, 2, false);
  CHECK(bare.runs() == Runs{{0, 5}});
  CHECK(bare.pool.free_blocks() == 5);
  CHECK(bare.pool.zero_blocks() == 3);
  CHECK(bare.pool.take(4) == 0);
  CHECK(bare.pool.free_blocks() == 1);
  CHECK(bare.pool.zero_blocks() == 0);
}

TEST_CASE("What was taken comes back without memory of the host, however it was cut") {
  BarePool bare(64);
  bare.add(0, 64);
  std::vector<BlockIndex> taken;
  for (int i = 0; i < 64; ++i) taken.push_back(bare.pool.take(1));
  {
    const NoHostMemory refused;
    for (const BlockIndex begin : taken) {
      if (begin % 2 == 0) bare.put(begin, 1);  // 32 runs
    }
  }
  CHECK(bare.runs().size() == 32);
  {
    const NoHostMemory refused;
    for (const BlockIndex begin : taken) {
      if (begin % 2 == 1) bare.put(begin, 1);
    }
  }
  CHECK(bare.runs() == Runs{{0, 64}});
}

TEST_CASE("A host without memory stops a take, which then has changed nothing") {
  BarePool bare(64);
  bare.add(0, 10);
  bool threw = false;
  try {
    const NoHostMemory refused;
    bare.pool.take(1);
  } catch (const std::bad_alloc&) {
    threw = true;
  }
  CHECK(threw);
  CHECK(bare.runs() == Runs{{0, 10}});
  CHECK(bare.pool.free_blocks() == 10);
  CHECK(bare.pool.take(1) == 0);
}

TEST_CASE("Blocks with memory are found from the top, some at a time, and what is left of a run stays") {
  BarePool bare(64);
  bare.add(0, 3, true);
  bare.add(3, 6, false);
  bare.add(9, 2, true);
  bare.add(20, 1, false);
  CHECK(bare.pool.dirty_blocks() == 7);
  const auto take = [&](BlockIndex below, std::size_t most) {
    const BlockPool::Run run = bare.pool.take_dirty(below, most);
    return std::pair(run.begin, run.blocks);
  };
  using Taken = std::pair<BlockIndex, std::size_t>;
  CHECK(take(20, 0) == Taken(no_block, 0));
  CHECK(take(64, 4) == Taken(20, 1));
  CHECK(take(64, 4) == Taken(5, 4));
  CHECK(bare.runs() == Runs{{0, 5}, {9, 2}});
  CHECK(take(4, 9) == Taken(3, 1));
  CHECK(bare.runs() == Runs{{0, 3}, {4, 1}, {9, 2}});
  CHECK(take(3, 9) == Taken(no_block, 0));
  {
    const NoHostMemory refused;
    bare.put(5, 4);
    bare.put(20, 1);
    bare.put(3, 1, false);
  }
  CHECK(bare.runs() == Runs{{0, 11}, {20, 1}});
  CHECK(bare.pool.dirty_blocks() == 2);
  CHECK(take(64, 9) == Taken(3, 2));
}

TEST_CASE("A pool tells the free blocks that end where one asks") {
  BarePool bare(64);
  CHECK(bare.pool.free_before(64) == 0);
  bare.add(10, 4);
  bare.add(60, 4);
  CHECK(bare.pool.free_before(64) == 4);
  CHECK(bare.pool.free_before(63) == 0);
  CHECK(bare.pool.free_before(14) == 4);
  CHECK(bare.pool.free_before(10) == 0);
}

TEST_CASE("A pool agrees with a plain list of blocks through random takes and puts") {
  constexpr std::size_t blocks = 256;
  BarePool bare(blocks);
  auto random = test_generator(2);
  std::vector<bool> free(blocks, true);
  std::vector<bool> zero(blocks, true);
  std::vector<std::pair<BlockIndex, std::size_t>> taken;
  bare.add(0, blocks);

  // The best run of the model, or no_block.
  const auto best = [&](std::size_t wanted) {
    std::pair<std::size_t, BlockIndex> found{blocks + 1, no_block};
    for (std::size_t i = 0; i < blocks;) {
      std::size_t end = i;
      while (end < blocks && free[end]) ++end;
      if (end - i >= wanted) found = std::min(found, {end - i, static_cast<BlockIndex>(i)});
      i = std::max(end, i + 1);
    }
    return found.second;
  };
  for (int step = 0; step < 4000; ++step) {
    CAPTURE(step);
    if (random() % 2 == 0 && !taken.empty()) {
      const auto which = taken.begin() + static_cast<std::ptrdiff_t>(random() % taken.size());
      const auto [begin, length] = *which;
      taken.erase(which);
      const bool is_zero = random() % 2 == 0;
      bare.put(begin, length, is_zero);
      for (std::size_t i = 0; i < length; ++i) free[begin + i] = true, zero[begin + i] = is_zero;
    } else {
      const std::size_t wanted = 1 + random() % (random() % 4 == 0 ? 40 : 5);
      const BlockIndex expected = best(wanted);
      REQUIRE(bare.pool.take(wanted) == expected);
      if (expected == no_block) continue;
      for (std::size_t i = 0; i < wanted; ++i) free[expected + i] = zero[expected + i] = false;
      taken.emplace_back(expected, wanted);
    }
    REQUIRE(bare.pool.free_blocks() == static_cast<std::size_t>(std::count(free.begin(), free.end(), true)));
    REQUIRE(bare.pool.zero_blocks() == static_cast<std::size_t>(std::count(zero.begin(), zero.end(), true)));
    std::vector<bool> listed(blocks, false);
    BlockIndex last_end = no_block;
    bare.pool.for_each_run([&](BlockIndex begin, std::size_t length) {
      REQUIRE(begin != last_end);  // or the two runs touch
      for (std::size_t i = 0; i < length; ++i) listed[begin + i] = true;
      last_end = static_cast<BlockIndex>(begin + length);
    });
    REQUIRE(listed == free);
  }
}

}  // namespace
}  // namespace midden::collector_tests
