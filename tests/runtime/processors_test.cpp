// How many processors a process may use.

#include "runtime/processors.hpp"

#include <sched.h>

#include <limits>
#include <thread>

#include "tests/support/catch.hpp"

namespace midden::runtime {
namespace {

TEST_CASE("A quota of processors is rounded up, and one that is not understood is none") {
  constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  CHECK(quota_of("150000 100000") == 2);
  CHECK(quota_of("200000 100000") == 2);
  CHECK(quota_of("1000 100000") == 1);
  CHECK(quota_of("0 100000") == 1);
  CHECK(quota_of("max 100000") == none);
  CHECK(quota_of("") == none);
  CHECK(quota_of("150000 100000\n") == 2);
  CHECK(quota_of("100000") == none);
  CHECK(quota_of("100000 0") == none);
  CHECK(quota_of("100000 x") == none);
  CHECK(quota_of("18446744073709551615 1") == none);
}

TEST_CASE("A process that may run on one processor has one") {
  CHECK(processors() >= 1);
  std::thread([] {
    cpu_set_t all, one;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
      if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    }
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(processors() == 1);
  }).join();
}

}  // namespace
}  // namespace midden::runtime
