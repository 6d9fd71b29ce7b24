#include "collector/heap/block_supply.hpp"

#include <vector>

#include "tests/collector/fake_pages.hpp"
#include "tests/collector/host_memory.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector_tests {

using namespace collector;

namespace {

using Use = BlockSupply::Use;
using Source = BlockSupply::Source;

constexpr std::size_t block_cost = block_bytes + AddressSpace::overhead_per_block;

struct BareSupply {
  explicit BareSupply(std::size_t heap_max = ~std::size_t{0}) : space(pages, 64 << 20), supply(space, heap_max) {}

  BlockIndex take(std::size_t blocks, Source source = Source::frontier, Use use = Use::objects) {
    const BlockIndex first = supply.take({.blocks = blocks, .use = use}, source, verdict);
    for (std::size_t i = 0; first != no_block && i < blocks; ++i) {
      space.block(static_cast<BlockIndex>(first + i)) = Block{.state = BlockState::head, .zero = false};
    }
    return first;
  }
  void put(BlockIndex first, std::size_t blocks) {
    for (std::size_t i = 0; i < blocks; ++i) {
      *space.begin_of(static_cast<BlockIndex>(first + i)) = std::byte{1};
      space.block(static_cast<BlockIndex>(first + i)) = Block{.state = BlockState::free, .zero = false};
    }
    supply.put(first, blocks);
  }

  FakePages pages;
  AddressSpace space;
  BlockSupply supply;
  Verdict verdict = Verdict::memory;
};

TEST_CASE("The pool alone has nothing where nothing was put, and the frontier has") {
  BareSupply bare;
  CHECK(bare.take(3, Source::pool) == no_block);
  CHECK(bare.verdict == Verdict::memory);
  const BlockIndex first = bare.take(3);
  REQUIRE(first != no_block);
  CHECK(bare.supply.figures().committed_bytes == 3 * block_cost);
  CHECK(bare.supply.figures().used_bytes == 3 * block_bytes);
  bare.put(first, 3);
  CHECK(bare.supply.figures().used_bytes == 0);
  CHECK(bare.supply.figures().free_bytes == 3 * block_bytes);
  CHECK(bare.supply.figures().committed_bytes == 3 * block_cost);
}

TEST_CASE("What was free from one look to the next is given back, what came and went is kept") {
  BareSupply bare;
  // In pieces: what comes back as 1 MiB at once is not kept.
  const auto come_and_go = [&](std::size_t blocks) {
    std::vector<BlockIndex> taken;
    for (std::size_t i = 0; i < blocks / 10; ++i) taken.push_back(bare.take(10));
    for (const BlockIndex first : taken) bare.put(first, 10);
  };
  come_and_go(300);
  CHECK(bare.supply.look() == 0);  // it was not free before
  come_and_go(100);
  CHECK(bare.supply.give_back(bare.supply.look()) == 200);
  CHECK(bare.supply.figures().free_bytes == 100 * block_bytes);
  CHECK(bare.supply.figures().committed_bytes == 100 * block_cost);
  CHECK(bare.pages.discarded_bytes() == 200 * AddressSpace::discarded_per_block);
  CHECK(bare.supply.give_back(bare.supply.look()) == 100);
  CHECK(bare.supply.give_back(bare.supply.look()) == 0);
  CHECK(bare.supply.figures().committed_bytes == 0);
  const BlockIndex again = bare.take(300, Source::pool);
  REQUIRE(again != no_block);
  for (std::size_t i = 0; i < 300; ++i) {
    REQUIRE(*bare.space.begin_of(static_cast<BlockIndex>(again + i)) == std::byte{0});
  }
}

TEST_CASE("What comes back as 1 MiB at once is given back at the next look, unless it is taken before") {
  BareSupply bare;
  const BlockIndex small = bare.take(15);
  const BlockIndex large = bare.take(100);
  bare.put(small, 15);
  CHECK(bare.supply.look() == 0);
  bare.put(large, 100);
  CHECK(bare.supply.look() == 115);
  const BlockIndex again = bare.take(100);
  bare.put(again, 100);
  const BlockIndex busy = bare.take(60);
  CHECK(bare.supply.look() == 55);
  bare.put(busy, 60);
}

TEST_CASE("Giving back loses nothing where the host has no memory left") {
  BareSupply bare;
  const BlockIndex first = bare.take(100);
  bare.put(first, 100);
  std::size_t given = 0;
  {
    const NoHostMemory refused;
    given = bare.supply.give_back(100);
  }
  CHECK(bare.supply.figures().free_bytes == (100 - given) * block_bytes);
  CHECK(bare.supply.give_back(100) == 100 - given);
  CHECK(bare.take(100, Source::pool) == first);
}

TEST_CASE("The highest blocks are given back first") {
  BareSupply bare;
  const BlockIndex first = bare.take(100);
  bare.put(first, 100);
  CHECK(bare.supply.give_back(30) == 30);
  for (std::size_t i = 0; i < 100; ++i) {
    REQUIRE(bare.space.block(static_cast<BlockIndex>(first + i)).zero == (i >= 70));
  }
}

TEST_CASE("Below the limit a segment costs its tables and what it declares") {
  BareSupply bare(64 * block_cost);
  const BlockIndex segment = bare.take(300, Source::frontier, Use::segment);
  REQUIRE(segment != no_block);
  CHECK(bare.supply.figures().committed_bytes == 0);
  CHECK(bare.supply.commit_segment(60 * block_cost));
  CHECK_FALSE(bare.supply.commit_segment(5 * block_cost));
  CHECK(bare.take(5) == no_block);
  CHECK(bare.verdict == Verdict::limit_reached);
  const BlockIndex rest = bare.take(4);
  REQUIRE(rest != no_block);
  bare.put(rest, 4);
  CHECK(bare.supply.commit_segment(4 * block_cost));  // what is free goes first
  CHECK(bare.supply.figures().segment_bytes == 64 * block_cost);
  for (std::size_t i = 0; i < 300; ++i) {
    bare.space.block(static_cast<BlockIndex>(segment + i)) = Block{.state = BlockState::free, .zero = true};
  }
  bare.supply.put_segment(segment, 300, 64 * block_cost);
  CHECK(bare.supply.figures().committed_bytes == 0);
}

}  // namespace
}  // namespace midden::collector_tests
