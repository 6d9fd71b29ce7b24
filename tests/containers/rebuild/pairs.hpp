#pragma once
// What the tests of maps that move to another backend share.
//
// Threads: one.

#include <string>
#include <string_view>

#include "tests/containers/map_suite.hpp"

// Each pair of different backends that are none of a rebuild themselves.
template <class F>
void for_each_pair(F&& f) {
  for_each_concurrent_backend([&](const std::string& from) {
    for_each_concurrent_backend([&](const std::string& to) {
      if (from == to) return;
      INFO("from " << from << " to " << to);
      f(from, to);
    });
  });
}

template <class K, class V>
void fill(Bench<K, V>& bench, std::uint64_t entries) {
  for (std::uint64_t n = 0; n < entries; ++n) bench.assign(n, n);
}
