// midden-bench weak: what the weak phase of a cycle takes for each of the things it settles.
//
//   references      WeakRefs, each to an object of its own
//   cleanups        closures without an argument
//   arguments       closures that keep an object each as their argument
//   destructors     objects of a type that has one
//   external        objects with external bytes
//
//   alive    everything lives: each is looked at
//   half     then every second object has been dropped: each of those is also cleared, or due
//
// The phase is linear in their number when a row of many entries takes as long for each as a row of
// few, but for the caches they no longer fit into. Every size of a kind has a process of its own.
//
// Threads: one, and those of the collector. Without a housekeeper, so that only cycles are measured.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <midden/array.hpp>
#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/table.hpp"

namespace bench {

namespace {

struct WeakOptions {
  std::size_t entries = 1'000'000;
  std::size_t cycles = 5;
};

struct Object {
  std::uint64_t payload[2]{};
  static constexpr midden::Leaf midden_leaf{};
};

struct Destructed {
  ~Destructed() { *ended += 1; }
  std::uint64_t* ended;
  std::uint64_t payload = 0;
  static constexpr midden::Leaf midden_leaf{};
  static constexpr midden::Destructor midden_destructor{};
};

using Objects = midden::Root<midden::Array<midden::Ref<void>>>;

// Makes the i-th object, and what there is to settle for it; other objects that this needs go to `others`.
using Make = std::function<midden::Root<void>(std::size_t i, midden::Ref<void>& other)>;

struct Kind {
  const char* name;
  Make (*make)(std::uint64_t& ended);
};

const Kind kinds[] = {
    {"references",
     [](std::uint64_t&) -> Make {
       return [](std::size_t, midden::Ref<void>& other) {
         const auto object = midden::make<Object>();
         other = midden::make_weak(object);
         return midden::Root<void>(object);
       };
     }},
    {"cleanups",
     [](std::uint64_t& ended) -> Make {
       return [&ended](std::size_t, midden::Ref<void>&) {
         const auto object = midden::make<Object>();
         midden::add_cleanup(object, [&ended] { ++ended; });
         return midden::Root<void>(object);
       };
     }},
    {"arguments",
     [](std::uint64_t& ended) -> Make {
       return [&ended](std::size_t, midden::Ref<void>&) {
         const auto object = midden::make<Object>();
         midden::add_cleanup(object, midden::make<Object>(), [&ended](const midden::Root<Object>&) { ++ended; });
         return midden::Root<void>(object);
       };
     }},
    {"destructors",
     [](std::uint64_t& ended) -> Make {
       return
           [&ended](std::size_t, midden::Ref<void>&) { return midden::Root<void>(midden::make<Destructed>(&ended)); };
     }},
    {"external",
     [](std::uint64_t&) -> Make {
       return [](std::size_t i, midden::Ref<void>&) {
         const auto object = midden::make<Object>();
         midden::set_external_bytes(object, i % 1000 + 1);
         return midden::Root<void>(object);
       };
     }},
};

std::uint64_t median(std::vector<std::uint64_t> numbers) {
  std::nth_element(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2), numbers.end());
  return numbers[numbers.size() / 2];
}

nlohmann::ordered_json measure(const Kind& kind, std::size_t entries, std::size_t cycles) {
  std::uint64_t ended = 0;
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.gc_percent.reset();
  config.housekeeper = false;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  const Objects objects = midden::make_array<midden::Ref<void>>(entries);
  const Objects others = midden::make_array<midden::Ref<void>>(entries);
  const Make make = kind.make(ended);
  for (std::size_t i = 0; i < entries; ++i) (*objects)[i] = make(i, (*others)[i]);
  const auto weak_phase = [&] {
    runtime.collect();
    return runtime.last_cycle().ns(midden::Phase::weak);
  };
  std::vector<std::uint64_t> alive;
  for (std::size_t cycle = 0; cycle < cycles; ++cycle) alive.push_back(weak_phase());
  for (std::size_t i = 0; i < entries; i += 2) (*objects)[i] = nullptr;
  const std::uint64_t half = weak_phase();
  return {{"alive_ns", median(alive)}, {"half_ns", half}};
}

void run_weak(const WeakOptions& options, Output& output) {
  fmt::print(output.text(), "The weak phase, median of {} cycles while all live; and when half has died\n\n",
             options.cycles);
  Table table({"", "entries", "alive ms", "ns each", "half ms", "ns each"});
  for (const Kind& kind : kinds) {
    for (const std::size_t part : {std::size_t{16}, std::size_t{4}, std::size_t{1}}) {
      const std::size_t entries = std::max<std::size_t>(1, options.entries / part);
      const auto figures = measure_in_child(fmt::format("weak, {}", kind.name), [&] {
                             return measure(kind, entries, options.cycles);
                           }).figures;
      std::vector<std::string> cells{kind.name, fmt::format("{}", entries)};
      for (const char* moment : {"alive", "half"}) {
        const double ns = figures[fmt::format("{}_ns", moment)].get<double>();
        const double each = ns / static_cast<double>(entries);
        output.add("weak", "midden", {{"kind", kind.name}, {"entries", entries}}, fmt::format("{}_ns_each", moment),
                   "ns", each);
        cells.push_back(figure(ns / 1e6));
        cells.push_back(figure(each));
      }
      table.row(std::move(cells));
    }
  }
  table.print(output.text());
}

}  // namespace

Case weak_case(CLI::App& app) {
  const auto options = std::make_shared<WeakOptions>();
  CLI::App* command = app.add_subcommand("weak", "Weak references, cleanups, destructors, external bytes in a cycle");
  add_number(*command, "--entries", options->entries, 1, 100'000'000, "Of each kind, at most");
  add_number(*command, "--cycles", options->cycles, 1, 1000, "Cycles measured");
  return {command, [options](Output& output) { run_weak(*options, output); }};
}

}  // namespace bench
