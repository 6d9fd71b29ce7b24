#include "collector/heap/pages.hpp"

#include <sys/mman.h>

#include <cstdint>

#include "collector/heap/geometry.hpp"
#include "tests/collector/filled.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector {
namespace {

using collector_tests::is_zero;

TEST_CASE("A reservation is aligned, whatever is asked for") {
  SystemPages pages(GENERATE(false, true));
  for (std::size_t alignment = page_bytes; alignment <= 64 * block_bytes; alignment *= 4) {
    std::byte* begin = pages.reserve(3 * page_bytes, alignment);
    REQUIRE(begin != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(begin) % alignment == 0);
    REQUIRE(pages.commit(begin, 3 * page_bytes));
    CHECK(is_zero(begin, 3 * page_bytes));
    std::fill_n(begin, 3 * page_bytes, std::byte{1});
    pages.release(begin, 3 * page_bytes);
  }
}

TEST_CASE("A reservation beyond any address space is refused") {
  SystemPages pages;
  CHECK(pages.reserve(std::size_t{1} << 62, block_bytes) == nullptr);
}

TEST_CASE("Discarded pages read as zero and stay usable; their neighbours keep what they hold") {
  SystemPages pages(GENERATE(false, true));
  std::byte* begin = pages.reserve(4 * page_bytes, page_bytes);
  REQUIRE(pages.commit(begin, 4 * page_bytes));
  std::fill_n(begin, 4 * page_bytes, std::byte{7});
  pages.discard(begin + page_bytes, 2 * page_bytes);
  CHECK(is_zero(begin + page_bytes, 2 * page_bytes));
  CHECK(begin[page_bytes - 1] == std::byte{7});
  CHECK(begin[3 * page_bytes] == std::byte{7});
  begin[page_bytes] = std::byte{1};
  CHECK(begin[page_bytes] == std::byte{1});
  pages.release(begin, 4 * page_bytes);
}

// A host that calls mlockall has every page locked, and the system refuses to drop those.
TEST_CASE("Discarded pages read as zero also where the host has locked them") {
  SystemPages pages;
  std::byte* begin = pages.reserve(2 * page_bytes, page_bytes);
  REQUIRE(pages.commit(begin, 2 * page_bytes));
  REQUIRE(::mlock(begin, 2 * page_bytes) == 0);
  std::fill_n(begin, 2 * page_bytes, std::byte{7});
  pages.discard(begin, 2 * page_bytes);
  CHECK(is_zero(begin, 2 * page_bytes));
  pages.release(begin, 2 * page_bytes);
}

}  // namespace
}  // namespace midden::collector
