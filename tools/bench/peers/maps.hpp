#pragma once
// Maps of other libraries, as peers to compare with in the case maps.
//
//   subject         map                          library         order   several threads
//
//   std_map         std::map                                     yes
//   std_unordered   std::unordered_map
//   absl_btree      absl::btree_map              Abseil          yes
//   absl_flat       absl::flat_hash_map          Abseil
//   boost_flat      boost::unordered_flat_map    Boost >= 1.81
//   tbb_map         tbb::concurrent_map          oneTBB          yes     yes
//   tbb_hash        tbb::concurrent_hash_map     oneTBB                  yes
//
// Each has std::string keys, or std::uint64_t; std::int64_t values; the library's own hash and order;
// and memory from malloc, TBB's too, so that the maps are what differs and one count tells their bytes.
//
// A program that was built without a library has <library>_maps_none.cpp instead of <library>_maps.cpp.
//
// Threads: the main thread.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/maps/subject.hpp"

namespace bench {

struct MapPeer {
  using Make = std::unique_ptr<maps::Subject> (*)();

  std::string_view name;
  std::string_view library;     // as --version names it
  std::string version;          // empty: the standard library, or a missing one
  Make with_strings = nullptr;  // null, both: the library is missing
  Make with_numbers = nullptr;

  bool present() const { return with_strings != nullptr; }
};

// Those of each library.
std::vector<MapPeer> std_maps();
std::vector<MapPeer> absl_maps();
std::vector<MapPeer> boost_maps();
std::vector<MapPeer> tbb_maps();

// "abseil 20220623.1, onetbb 2021.8", of those that are there.
std::string map_library_versions();
// All of them, in the order above.
std::vector<MapPeer> map_peers();
// A line for below a table: that the library of this subject is missing. Empty where it is there, and
// for a subject that is none of these.
std::string missing_map_note(std::string_view subject);

}  // namespace bench
