// Memory of a skip list that shrinks, as the system sees it.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/containers/map_suite.hpp"
#include "tests/support/resident.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::Map;
using midden::Root;
using midden::Runtime;

TEMPLATE_TEST_CASE("A skip list that loses its oldest entries gives their memory back to the system", "",
                   (Map<std::int64_t, std::string_view>), (ConcurrentMap<std::int64_t, std::string_view>)) {
  midden::Config config = map_config();
  config.housekeeper = false;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<TestType> map = make_of<TestType>("skiplist");
  constexpr std::int64_t count = 400'000;
  constexpr std::int64_t kept = 20'000;
  const std::string value(200, 'v');
  const std::uint64_t before = resident_bytes();
  for (std::int64_t n = 0; n < count; ++n) map->insert_or_assign(n, value);
  const std::uint64_t full = resident_bytes() - before;
  REQUIRE(full > count * 200);
  for (std::int64_t n = 0; n < count - kept; ++n) map->erase(n);
  for (int i = 0; i < 8; ++i) {
    runtime.collect();
    runtime.idle(std::chrono::seconds(1));
  }
  CHECK(resident_bytes() < before + full / 4);
  for (std::int64_t n = count - kept; n < count; ++n) REQUIRE(*map->find(n) == value);
}
