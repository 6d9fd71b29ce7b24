#pragma once
// What a walk must show while its own thread writes the map: of every backend and every kind of map.
//
// Threads: one.

#include <cstdint>
#include <set>
#include <string>

#include "tests/containers/map_suite.hpp"

// A walk during which `between` runs `times` after each entry and may write or erase one key each
// time: entries that are there all the time must be shown once, others at most once, and what is
// shown must be there.
template <class K, class V, class M, class F>
void walk_while(Bench<K, V, M>& bench, int times, F&& between) {
  std::set<std::string> always;
  for (const auto& [bytes, numbers] : bench.model()) always.insert(bytes);
  std::set<std::string> shown;
  for (auto cursor = bench.map().begin(); cursor; ++cursor) {
    const std::string bytes = in_order<K>(typename Kind<K>::Own(cursor.key()));
    must(shown.insert(bytes).second, "a walk shows no key twice");
    const auto known = bench.model().find(bytes);
    must(known != bench.model().end(), "a walk shows what is there");
    must(is_value(cursor.value(), known->second.second), "a walk shows the value that is there");
    for (int i = 0; i < times; ++i) {
      const std::uint64_t erased = bench.erased();
      between();
      if (bench.erased() == erased) continue;
      std::erase_if(always, [&](const std::string& key) { return !bench.model().contains(key); });
    }
  }
  for (const std::string& bytes : always) must(shown.contains(bytes), "a walk shows what is there from begin to end");
}
