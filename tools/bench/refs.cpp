// midden-bench refs: marking very many references to few small objects.
//
//   slice    | ref | ref | ref | ... |      --entries references, one object; or the values of a map (--in)
//               |     |     |
//   targets   16 bytes each, without references: --targets of them
//
//   sequential   one target after the other, over and over, in the order in which they were made
//   random       each target once, shuffled; behind that any
//
// Nearly all references are to objects that are marked already. Midden has a Slice<Ref<Target>>, or a
// Map<std::uint64_t, Ref<Target>>, or a ConcurrentMap, whose keys are the places in the slice; peers have an array
// whatever --in says: bdwgc one of pointers from GC_MALLOC and targets from GC_MALLOC_ATOMIC, Go a slice of pointers,
// Java an array of references, of 4 bytes each. Markers and their processes: marking.hpp.
//
// Threads: one, and those of the collector.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/map.hpp>
#include <midden/midden.hpp>
#include <midden/slice.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/marking.hpp"
#include "tools/bench/peers/bdwgc.hpp"

namespace bench {

namespace {

struct RefsOptions {
  SubjectChoice subjects;
  std::size_t entries = 100'000'000;
  std::size_t targets = 1'000'000;
  std::size_t cycles = 5;
  std::string order = "both";
  std::string in = "slice";

  std::vector<std::string> orders() const {
    return order == "both" ? std::vector<std::string>{"sequential", "random"} : std::vector<std::string>{order};
  }
};

struct Target {
  std::array<std::uint64_t, 2> payload;
  static constexpr midden::Leaf midden_leaf{};
};

static_assert(sizeof(Target) == 16);

// Calls store(i, target) for the entries behind the first, which refer to each target once, and
// for those, too, where the order is random.
template <class Store>
void refer(std::vector<Target*> targets, std::size_t entries, bool shuffled, Store store) {
  if (!shuffled) {
    for (std::size_t i = targets.size(); i < entries; ++i) store(i, targets[i % targets.size()]);
    return;
  }
  std::mt19937_64 random(entries);
  std::shuffle(targets.begin(), targets.end(), random);
  for (std::size_t i = 0; i < targets.size(); ++i) store(i, targets[i]);
  for (std::size_t i = targets.size(); i < entries; ++i) {
    store(i, targets[((random() >> 32) * targets.size()) >> 32]);
  }
}

using PlainMap = midden::Map<std::uint64_t, midden::Ref<Target>>;
using SharedMap = midden::ConcurrentMap<std::uint64_t, midden::Ref<Target>>;

// What holds the references: `store` them, each again if need be; `objects`, how many hold them then.
class InSlice {
 public:
  InSlice(midden::Attach& here, const RefsOptions& options)
      : slice_(midden::make_slice<midden::Ref<Target>>(here, options.entries)) {}
  void store(std::size_t i, Target* target) { (*slice_)[i] = target; }
  std::size_t objects() const { return 2; }  // the slice and its array

 private:
  midden::Root<midden::Slice<midden::Ref<Target>>> slice_;
};

template <class Map>
class InMap {
 public:
  InMap(midden::Attach& here, const RefsOptions& options) : here_(here), map_(make(here, options)) {}
  void store(std::size_t i, Target* target) { map_->insert_or_assign(here_, i, target); }
  // The map, its state, and what that refers to, of which the first call may be the reason for an object more. What
  // was overwritten is gone after a cycle.
  std::size_t objects() const {
    here_.runtime().collect();
    map_->stats();
    return 2 + map_->stats().references - map_->size();
  }

 private:
  static midden::Root<Map> make(midden::Attach& here, const RefsOptions& options) {
    if constexpr (std::is_same_v<Map, PlainMap>) {
      return midden::make_map<std::uint64_t, midden::Ref<Target>>(here, {.backend = options.in});
    } else {
      return midden::make_concurrent_map<std::uint64_t, midden::Ref<Target>>(here, {.backend = "skiplist"});
    }
  }

  midden::Attach& here_;
  midden::Root<Map> map_;
};

template <class Holder>
nlohmann::ordered_json measure_in(const Marker& marker, const RefsOptions& options, bool shuffled) {
  midden::Runtime runtime(config_of(marker));
  midden::Attach here(runtime);
  Holder holder(here, options);
  {
    // A map's stores are safepoints, and one may overwrite all that there is of a target.
    const auto kept = midden::make_slice<midden::Ref<Target>>(here, options.targets);
    std::vector<Target*> targets(options.targets);
    for (std::size_t i = 0; i < options.targets; ++i) {
      targets[i] = midden::unsafe::make<Target>(here);
      (*kept)[i] = targets[i];
      holder.store(i, targets[i]);
    }
    refer(std::move(targets), options.entries, shuffled,
          [&](std::size_t i, Target* target) { holder.store(i, target); });
  }
  return mark_managed(runtime, options.cycles, options.targets + holder.objects());
}

nlohmann::ordered_json measure_managed(const Marker& marker, const RefsOptions& options, bool shuffled) {
  if (options.in == "slice") return measure_in<InSlice>(marker, options, shuffled);
  if (options.in == "concurrent") return measure_in<InMap<SharedMap>>(marker, options, shuffled);
  return measure_in<InMap<PlainMap>>(marker, options, shuffled);
}

nlohmann::ordered_json measure_peer(const Marker& marker, const RefsOptions& options, bool shuffled) {
  start_peer(marker);
  Target** const slice = static_cast<Target**>(bdwgc::allocate(options.entries * sizeof(Target*)));
  bdwgc::keep(slice);
  std::vector<Target*> targets(options.targets);
  for (std::size_t i = 0; i < options.targets; ++i) {
    slice[i] = targets[i] = static_cast<Target*>(bdwgc::allocate_leaf(sizeof(Target)));
  }
  refer(std::move(targets), options.entries, shuffled, [&](std::size_t i, Target* target) { slice[i] = target; });
  return mark_peer(options.cycles, options.entries * sizeof(Target*) + options.targets * sizeof(Target));
}

void run_refs(const RefsOptions& options, Output& output) {
  if (options.targets > options.entries) {
    throw UsageError(fmt::format("--targets {} is above --entries {}", options.targets, options.entries));
  }
  constexpr std::uint64_t java_reference_bytes = 4;
  constexpr std::uint64_t java_target_bytes = 32 + java_reference_bytes;  // with the list of all
  for (const std::string& order : options.orders()) {
    const bool shuffled = order == "random";
    const Task task{.name = "refs",
                    .numbers = {options.entries, options.targets, shuffled ? 1U : 0U, options.cycles},
                    .live_bytes = options.entries * java_reference_bytes + options.targets * java_target_bytes};
    const std::vector<Marker> markers = chosen_markers(options.subjects, false);
    const std::vector<Marked> all = measure_markers("refs, " + order, markers, task, [&](const Marker& marker) {
      return marker.collector == Collector::midden ? measure_managed(marker, options, shuffled)
                                                   : measure_peer(marker, options, shuffled);
    });
    fmt::print(output.text(), "Marking {} references in a {} to {} objects, {}, median of {} cycles\n\n",
               options.entries, options.in == "slice" ? "slice" : options.in + " map", options.targets, order,
               options.cycles);
    const nlohmann::ordered_json parameters{{"in", options.in},
                                            {"entries", options.entries},
                                            {"targets", options.targets},
                                            {"order", order},
                                            {"cycles", options.cycles}};
    report_markers(all, "refs", parameters, "reference", options.entries, output);
    fmt::print(output.text(), "\n");
  }
  fmt::print(output.text(), "{}", ratio_notes(options.subjects));
}

}  // namespace

Case refs_case(CLI::App& app) {
  const auto options = std::make_shared<RefsOptions>();
  CLI::App* command = app.add_subcommand("refs", "Marking references in a slice or a map, with one thread and two");
  add_markers(*command, options->subjects);
  add_number(*command, "--entries", options->entries, 1, 1'000'000'000, "References in the slice or map");
  add_number(*command, "--targets", options->targets, 1, 1'000'000'000, "Objects that they refer to");
  add_number(*command, "--cycles", options->cycles, 1, 1000, "Cycles measured");
  add_choice(*command, "--order", options->order, "order", {"sequential", "random", "both"},
             "Of the targets, along the slice or the keys: ");
  add_choice(
      *command, "--in", options->in, "holder", {"slice", "hash", "skiplist", "concurrent"},
      "What holds the references, of Midden, where peers have an array; concurrent: a skiplist for all threads: ");
  return {command, [options](Output& output) { run_refs(*options, output); }};
}

}  // namespace bench
