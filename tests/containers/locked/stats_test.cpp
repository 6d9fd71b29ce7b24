// The figures of several maps as those of one.

#include "containers/locked/stats.hpp"

#include "tests/support/catch.hpp"

using midden::MapStats;
using midden::containers::locked::add;

TEST_CASE("Counts of several maps add up, and shares are means by buckets") {
  MapStats sum{.bytes = 100};
  MapStats one{.entries = 10, .bytes = 50, .references = 2, .load = 0.5};
  one.buckets = 2;
  one.chains = {2};
  one.evacuated = 1;
  one.hash = "XXH3";
  MapStats two{.entries = 30, .bytes = 70, .references = 3, .load = 0.75};
  two.buckets = 6;
  two.overflow = 1;
  two.chains = {5, 1};
  two.resizing = true;
  two.evacuated = 0.5;
  two.rebuilds = 2;
  two.hash = "SipHash-1-3";
  add(sum, one);
  add(sum, two);
  CHECK(sum.entries == 40);
  CHECK(sum.bytes == 220);
  CHECK(sum.references == 5);
  CHECK(sum.load == 0.6875);
  CHECK(sum.buckets == 8);
  CHECK(sum.overflow == 1);
  CHECK(sum.chains[0] == 7);
  CHECK(sum.chains[1] == 1);
  CHECK(sum.resizing);
  CHECK(sum.evacuated == 0.625);
  CHECK(sum.rebuilds == 2);
  CHECK(sum.hash == "SipHash-1-3");
}

TEST_CASE("The hottest buckets of all are kept, numbered one map after the other") {
  MapStats sum;
  MapStats one;
  one.buckets = 100;
  one.hottest[0] = {.bucket = 7, .look_ups = 50, .chain = 1};
  one.hottest[1] = {.bucket = 8, .look_ups = 10, .chain = 1};
  MapStats two;
  two.buckets = 100;
  two.hottest[0] = {.bucket = 3, .look_ups = 20, .chain = 2};
  add(sum, one);
  add(sum, two);
  CHECK(sum.hottest[0].bucket == 7);
  CHECK(sum.hottest[1].bucket == 103);
  CHECK(sum.hottest[1].chain == 2);
  CHECK(sum.hottest[2].bucket == 8);
  CHECK(sum.hottest[3].look_ups == 0);
}
