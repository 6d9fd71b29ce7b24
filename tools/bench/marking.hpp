#pragma once
// What the cases graph and refs share: the collectors that mark what such a case has built.
//
//   marker     a collector with its number of marking threads, a row of the table: midden, with and
//              without prefetching where that is asked for, bdwgc, bdwgc-tuned (peers/bdwgc.hpp), and those
//              of programs in other languages (peers/programs.hpp, which says what counts as marking there)
//
// Each marker builds and marks in a process of its own: one cycle that does not count, then as
// many as asked for, the world idle between them. Of a cycle count the mark phase and the pause.
// A marker that has not marked what was built is an error.
//
// Ratios are to peers with as many workers; Midden without prefetching has them, too.
//
// Threads: one, and those of the collector.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <midden/runtime.hpp>

#include "tools/bench/output.hpp"
#include "tools/bench/peers/programs.hpp"
#include "tools/bench/subjects.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

enum class Collector : std::uint8_t { midden, bdwgc, bdwgc_tuned, program };

struct Marker {
  Collector collector = Collector::midden;
  std::uint32_t workers = 1;
  bool prefetch = true;              // Midden's; bdwgc always does
  const Program* program = nullptr;  // where the collector is one's

  bool operator==(const Marker&) const = default;
  std::string_view name() const;
  std::string text() const;  // for messages
};

// Those chosen, with 1 and 2 workers; Midden without prefetching where `without_prefetch` says so.
std::vector<Marker> chosen_markers(const SubjectChoice& subjects, bool without_prefetch);
// Adds --subjects.
void add_markers(CLI::App& command, SubjectChoice& subjects);

// --- in the child ---

// The settings for Midden. What MIDDEN_WORKERS says is forgotten.
midden::Config config_of(const Marker& marker);
// Begins bdwgc.
void start_peer(const Marker& marker);
// Marks; answers what that took. Throws where it marked others than that many objects.
nlohmann::ordered_json mark_managed(midden::Runtime& runtime, std::size_t cycles, std::uint64_t objects);
// The same with bdwgc, which must hold at least that many bytes.
nlohmann::ordered_json mark_peer(std::size_t cycles, std::size_t bytes);

// --- in the parent ---

struct Marked {
  Marker marker;
  Samples mark_ns;
  Samples pause_ns;
  std::uint64_t peak_rss_bytes = 0;
};

// Calls `build_and_mark` for each marker, in a process of its own; programs are given the task instead.
std::vector<Marked> measure_markers(const std::string& title, const std::vector<Marker>& markers, const Task& task,
                                    const std::function<nlohmann::ordered_json(const Marker&)>& build_and_mark);

// Adds the rows of each marker and prints them as a table. `thing`, of which there are `things`, is
// what was marked: object or reference. The parameters are those of the case.
void report_markers(const std::vector<Marked>& all, std::string_view name, const nlohmann::ordered_json& parameters,
                    std::string_view thing, std::size_t things, Output& output);

// What stands below such tables.
std::string ratio_notes(const SubjectChoice& subjects);

}  // namespace bench
