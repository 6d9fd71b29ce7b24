#include "collector/heap/address_space.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>

#include "tests/collector/fake_pages.hpp"

namespace midden::collector_tests {

using namespace collector;

namespace {

constexpr std::size_t step_blocks = commit_bytes / block_bytes;

TEST_CASE("A new address space is a range without memory") {
  FakePages pages;
  {
    const AddressSpace space(pages, 4 * commit_bytes);
    CHECK(space.reserved_blocks() == 4 * step_blocks);
    CHECK(space.frontier() == 0);
    CHECK(pages.committed_bytes() == 0);
    CHECK_FALSE(space.contains(space.base()));
    CHECK(reinterpret_cast<std::uintptr_t>(space.base()) % block_bytes == 0);
  }
  CHECK(pages.reservations() == 0);
}

TEST_CASE("A range is rounded up to whole steps, and is never empty") {
  FakePages pages;
  CHECK(AddressSpace(pages, 0).reserved_blocks() == step_blocks);
  CHECK(AddressSpace(pages, 1).reserved_blocks() == step_blocks);
  CHECK(AddressSpace(pages, commit_bytes + 1).reserved_blocks() == 2 * step_blocks);
}

TEST_CASE("A range that the system does not grant is bad_alloc, and nothing stays reserved") {
  FakePages pages;
  for (std::size_t granted = 0; granted < 5; ++granted) {
    CAPTURE(granted);
    pages.refuse_after(granted);
    CHECK_THROWS_AS(AddressSpace(pages, commit_bytes), std::bad_alloc);
    CHECK(pages.reservations() == 0);
  }
}

TEST_CASE("A range as large as numbers go is bad_alloc too") {
  FakePages pages;
  CHECK_THROWS_AS(AddressSpace(pages, std::numeric_limits<std::size_t>::max()), std::bad_alloc);
  CHECK(pages.reservations() == 0);
}

TEST_CASE("Extending commits whole steps, with all tables") {
  FakePages pages;
  AddressSpace space(pages, 4 * commit_bytes);
  REQUIRE(space.extend(1));
  CHECK(space.frontier() == step_blocks);
  REQUIRE(space.extend(step_blocks + 1));
  CHECK(space.frontier() == 3 * step_blocks);
  for (BlockIndex i = 0; i < space.frontier(); ++i) {
    REQUIRE(space.block(i).state == BlockState::free);
    REQUIRE(space.block(i).zero);
    REQUIRE_FALSE(space.plan(i).is_leaf());
    REQUIRE(space.metadata_of(i)[granules_per_block - 1] == 0);
    REQUIRE(space.column(i)[max_slots_per_block - 1] == no_type);
    REQUIRE(*space.begin_of(i) == std::byte{0});
    REQUIRE(space.index_of(space.begin_of(i) + block_bytes - 1) == i);
  }
}

TEST_CASE("The last blocks of a range can be had, and no more") {
  FakePages pages;
  AddressSpace space(pages, 2 * commit_bytes);
  REQUIRE(space.extend(1));
  CHECK_FALSE(space.extend(step_blocks + 1));
  CHECK(space.frontier() == step_blocks);
  CHECK(space.extend(step_blocks));
  CHECK(space.frontier() == 2 * step_blocks);
  CHECK_FALSE(space.extend(1));
  CHECK(*(space.begin_of(space.frontier() - 1) + block_bytes - 1) == std::byte{0});
}

TEST_CASE("A refusal of the n-th request leaves everything intact, and the next try succeeds") {
  constexpr std::size_t tables = 5;
  for (std::size_t granted = 0; granted < tables; ++granted) {
    CAPTURE(granted);
    FakePages pages;
    AddressSpace space(pages, 4096 * block_bytes);
    REQUIRE(space.extend(1));
    const BlockIndex before = space.frontier();
    space.block(before - 1).slots = 7;
    space.metadata_of(before - 1)[5] = 3;
    *space.begin_of(before - 1) = std::byte{9};

    // So many that each table needs another page.
    constexpr std::size_t many = 1024;
    pages.refuse_after(granted);
    CHECK_FALSE(space.extend(many));
    CHECK(space.frontier() == before);
    CHECK(space.block(before - 1).slots == 7);
    CHECK(space.metadata_of(before - 1)[5] == 3);
    CHECK(*space.begin_of(before - 1) == std::byte{9});
    CHECK_FALSE(space.contains(space.begin_of(before)));

    REQUIRE(space.extend(many));
    CHECK(space.frontier() == before + many);
    CHECK(space.block(before).state == BlockState::free);
    CHECK(space.metadata_of(before - 1)[5] == 3);
    CHECK(*space.begin_of(before) == std::byte{0});
  }
}

TEST_CASE("Only addresses of committed blocks are contained") {
  FakePages pages;
  AddressSpace space(pages, 4 * commit_bytes);
  REQUIRE(space.extend(1));
  const std::byte* end = space.begin_of(space.frontier());
  int on_stack = 0;
  CHECK(space.contains(space.base()));
  CHECK(space.contains(end - 1));
  CHECK_FALSE(space.contains(end));
  CHECK_FALSE(space.contains(space.base() - 1));
  CHECK_FALSE(space.contains(nullptr));
  CHECK_FALSE(space.contains(&on_stack));
}

TEST_CASE("Granules, blocks and columns of neighbours do not overlap") {
  FakePages pages;
  AddressSpace space(pages, commit_bytes);
  REQUIRE(space.extend(1));
  space.metadata(space.begin_of(1)).set(born_flag);
  space.metadata(space.begin_of(1) - 1).set(pinned_flag);
  CHECK(space.metadata_of(1)[0] == born_flag);
  CHECK(space.metadata_of(0)[granules_per_block - 1] == pinned_flag);
  CHECK(space.column(1) - space.column(0) == max_slots_per_block);
  space.block(2).first = 1;
  CHECK(&space.head_of(space.begin_of(2) + 100) == &space.block(1));
}

}  // namespace
}  // namespace midden::collector_tests
