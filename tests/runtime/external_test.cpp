// Bytes outside of the heap, as a host declares them.

#include <midden/external.hpp>

#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;
using midden::set_external_bytes;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

TEST_CASE("External bytes are their object's until it dies, and what is declared last counts") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> image = midden::make<Node>();
  const Root<Node> other = midden::make<Node>();
  set_external_bytes(image, 5 * mib);
  set_external_bytes(other, mib);
  CHECK(runtime.heap().external_bytes == 6 * mib);
  set_external_bytes(image, 2 * mib);
  CHECK(midden::external_bytes(image) == 2 * mib);
  CHECK(runtime.heap().external_bytes == 3 * mib);
  runtime.collect();
  CHECK(runtime.last_cycle().external_bytes == 3 * mib);
  image = nullptr;
  runtime.collect();
  CHECK(runtime.last_cycle().external_bytes == mib);
  set_external_bytes(other, 0);
  CHECK(runtime.heap().external_bytes == 0);
  CHECK(midden::external_bytes(other) == 0);
}

TEST_CASE("External bytes of no object are refused") {
  Runtime runtime(checking());
  Attach here(runtime);
  CHECK_THROWS_AS(set_external_bytes(Root<Node>(), 1), std::invalid_argument);
}

TEST_CASE("External bytes start cycles: small objects with large buffers do not pile up") {
  Runtime runtime(quiet());
  Attach here(runtime);
  std::uint64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    set_external_bytes(midden::make<Node>(), 4 * mib);
    most = std::max(most, runtime.heap().external_bytes);
  }
  CHECK(runtime.heap().cycles > 10);
  CHECK(runtime.last_cycle().cause == midden::Cause::growth);
  CHECK(most < 200 * mib);
}

}  // namespace
