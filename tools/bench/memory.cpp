// midden-bench memory: what a heap takes of the system, and what it gives back.
//
//   fragments   objects of many sizes, every second one dropped, then as many bytes of other sizes:
//               what stands in blocks, what of it is free pieces, what the system has back of those
//   types       very many types made at run time, each with few objects
//   dropped     much that lives, most of it dropped: the process's memory second by second
//   large       one slice as large as asked: made, appended to, freed; beside std::vector
//
// Each part has a process of its own, whose memory is what the system says is resident. Collections
// are asked for; giving back is the housekeeper's, while the part waits.
//
// Threads: one, and the Runtime's own.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <midden/array.hpp>
#include <midden/midden.hpp>
#include <midden/slice.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

namespace {

using Figures = nlohmann::ordered_json;

struct MemoryOptions {
  std::size_t bytes = std::size_t{1} << 30;
  std::size_t types = 10'000;
  std::size_t seconds = 5;
};

constexpr std::array<std::size_t, 12> sizes{16, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096};
constexpr std::array<std::size_t, 8> other_sizes{24, 40, 80, 160, 320, 640, 1280, 3000};
constexpr std::size_t objects_of_a_type = 100;

double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }
double ratio(std::uint64_t bytes, std::uint64_t of) { return static_cast<double>(bytes) / static_cast<double>(of); }

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

midden::Config asked_only() {
  midden::Config config;
  config.gc_percent.reset();
  config.environment = midden::Environment::ignore;
  return config;
}

using Kept = midden::Root<midden::Array<midden::Ref<void>>>;

// `bytes` of objects in all, as many bytes of each size, in turn; each object touched.
template <std::size_t count>
Kept make_sizes(midden::Runtime& runtime, const std::array<std::size_t, count>& of, std::size_t bytes) {
  std::vector<midden::TypeHandle> types;
  std::size_t objects = 0;
  for (const std::size_t size : of) {
    const std::string name = fmt::format("{} bytes", size);
    types.push_back(runtime.add_type({.name = name, .size = size}));
    objects += bytes / count / size;
  }
  Kept kept = midden::make_array<midden::Ref<void>>(objects);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t n = bytes / count / of[i]; n > 0; --n) {
      const midden::Root<void> object = midden::make_object(types[i]);
      std::memset(object.get(), 1, of[i]);
      (*kept)[at++] = object;
    }
  }
  return kept;
}

Figures moment(midden::Runtime& runtime, std::string_view name) {
  std::uint64_t live = 0, blocks = 0, free = 0;
  Figures rows = Figures::array();
  for (const midden::SpaceReport& row : runtime.census()) {
    live += row.object_bytes;
    blocks += row.block_bytes;
    free += row.free_bytes;
    if (row.free_bytes > 0) {
      rows.push_back({{"type", row.type.empty() ? "shared by types" : row.type},
                      {"slot_bytes", row.slot_bytes},
                      {"objects", row.objects},
                      {"block_bytes", row.block_bytes},
                      {"free_bytes", row.free_bytes},
                      {"returned_bytes", row.returned_bytes}});
    }
  }
  const midden::HeapReport heap = runtime.heap();
  return {{"moment", name},
          {"live_bytes", live},
          {"block_bytes", blocks},
          {"free_bytes", free},
          {"returned_bytes", heap.returned_bytes},
          {"committed_bytes", heap.committed_bytes},
          {"rss_bytes", resident_bytes()},
          {"rows", rows}};
}

Figures fragments(const MemoryOptions& options) {
  midden::Runtime runtime(asked_only());
  midden::Attach here(runtime);
  Figures moments = Figures::array();
  const Kept first = make_sizes(runtime, sizes, options.bytes);
  runtime.collect();
  moments.push_back(moment(runtime, "made"));
  for (std::size_t i = 0; i < first->size(); i += 2) (*first)[i] = nullptr;
  runtime.collect();
  moments.push_back(moment(runtime, "every second dropped"));
  // Whole pages become free where the dropped stand together.
  for (std::size_t i = 0; i < first->size(); ++i) {
    if (i / 512 % 2 == 0) (*first)[i] = nullptr;
  }
  runtime.collect();
  moments.push_back(moment(runtime, "and every second 512"));
  {
    const midden::Blocked blocked;
    std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  }
  moments.push_back(moment(runtime, fmt::format("{} s later", options.seconds)));
  const Kept second = make_sizes(runtime, other_sizes, options.bytes / 2);
  runtime.collect();
  moments.push_back(moment(runtime, "half as much of other sizes"));
  return moments;
}

Figures types(const MemoryOptions& options) {
  midden::Runtime runtime(asked_only());
  midden::Attach here(runtime);
  const std::uint64_t before = resident_bytes();
  std::uint64_t live = 0;
  const Kept kept = midden::make_array<midden::Ref<void>>(options.types * objects_of_a_type);
  for (std::size_t type = 0; type < options.types; ++type) {
    const std::size_t size = 16 + type % 32 * 16;
    const std::string name = fmt::format("type {}", type);
    const midden::TypeHandle handle = runtime.add_type({.name = name, .size = size});
    for (std::size_t i = 0; i < objects_of_a_type; ++i) {
      const midden::Root<void> object = midden::make_object(handle);
      std::memset(object.get(), 1, size);
      (*kept)[type * objects_of_a_type + i] = object;
    }
    live += size * objects_of_a_type;
  }
  live += options.types * objects_of_a_type * sizeof(midden::Ref<void>);
  return {{"live_bytes", live},
          {"committed_bytes", runtime.heap().committed_bytes},
          {"rss_bytes", resident_bytes() - before}};
}

struct Node {
  midden::Ref<Node> next;
  std::array<std::uint64_t, 7> payload{1, 2, 3, 4, 5, 6, 7};
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};

Figures dropped(const MemoryOptions& options) {
  midden::Runtime runtime(asked_only());
  midden::Attach here(runtime);
  const std::size_t nodes = options.bytes / sizeof(Node);
  const auto list = [&](std::size_t length) {
    midden::Root<Node> head;
    for (std::size_t i = 0; i < length; ++i) {
      Node* node = midden::unsafe::make<Node>(here);
      node->next = head;
      head = midden::Root<Node>(node);
    }
    return head;
  };
  const midden::Root<Node> kept = list(nodes / 8);
  midden::Root<Node> rest = list(nodes - nodes / 8);
  runtime.collect();
  Figures seconds = Figures::array();
  const auto note = [&](std::size_t second) {
    seconds.push_back({{"second", second}, {"rss_bytes", resident_bytes()}});
  };
  rest = nullptr;
  note(0);
  runtime.collect();
  for (std::size_t second = 1; second <= options.seconds; ++second) {
    const midden::Blocked blocked;
    std::this_thread::sleep_for(std::chrono::seconds(1));
    note(second);
  }
  return {{"live_bytes", runtime.last_cycle().live_bytes}, {"seconds", seconds}};
}

// Makes, appends and frees a sequence of numbers, and says how long each took.
template <class Sequence>
Figures time_large(std::size_t count, Sequence sequence) {
  Figures figures;
  const auto time = [&](const char* name, auto&& f) {
    const Stopwatch watch;
    f();
    figures[name] = watch.seconds();
  };
  time("make_s", [&] { sequence.make(count); });
  time("free_made_s", [&] { sequence.drop(); });
  time("append_s", [&] {
    sequence.make(0);
    for (std::size_t i = 0; i < count; ++i) sequence.append(i);
  });
  time("free_s", [&] { sequence.drop(); });
  return figures;
}

Figures large_slice(const MemoryOptions& options) {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  struct Slices {
    midden::Runtime& runtime;
    midden::Attach& here;
    midden::Root<midden::Slice<std::uint64_t>> slice{};
    void make(std::size_t count) { slice = midden::make_slice<std::uint64_t>(here, count); }
    void append(std::uint64_t value) { slice->append(here, value); }
    void drop() {
      slice = nullptr;
      runtime.collect();
      while (!runtime.idle(std::chrono::seconds(1))) continue;
    }
  };
  return time_large(options.bytes / sizeof(std::uint64_t), Slices{runtime, here});
}

Figures large_vector(const MemoryOptions& options) {
  struct Vectors {
    std::vector<std::uint64_t> vector{};
    void make(std::size_t count) { vector = std::vector<std::uint64_t>(count); }
    void append(std::uint64_t value) { vector.push_back(value); }
    void drop() { vector = {}; }
  };
  return time_large(options.bytes / sizeof(std::uint64_t), Vectors{});
}

std::string in_mib(const Figures& figures, const char* name) { return figure(mib(figures[name].get<std::uint64_t>())); }

void report_fragments(const Figures& moments, const MemoryOptions& options, Output& output) {
  fmt::print(output.text(), "Fragmentation: {} MiB of {} sizes\n\n", figure(mib(options.bytes)), sizes.size());
  Table table({"moment", "live MiB", "blocks MiB", "free pieces MiB", "returned MiB", "committed MiB", "resident MiB"});
  for (const Figures& moment : moments) {
    const Figures parameters{{"bytes", options.bytes}, {"part", "fragments"}, {"moment", moment["moment"]}};
    std::vector<std::string> cells{moment["moment"]};
    for (const char* name :
         {"live_bytes", "block_bytes", "free_bytes", "returned_bytes", "committed_bytes", "rss_bytes"}) {
      output.add("memory", "midden", parameters, name, "bytes", moment[name].get<double>());
      cells.push_back(in_mib(moment, name));
    }
    table.row(std::move(cells));
  }
  table.print(output.text());
  fmt::print(output.text(), "\nBy type, {}:\n\n", moments[3]["moment"].get<std::string>());
  Table types({"type", "slot bytes", "objects", "blocks MiB", "free pieces MiB", "returned MiB"});
  for (const Figures& row : moments[3]["rows"]) {
    types.row({row["type"], figure(row["slot_bytes"].get<double>()), figure(row["objects"].get<double>()),
               in_mib(row, "block_bytes"), in_mib(row, "free_bytes"), in_mib(row, "returned_bytes")});
  }
  types.print(output.text());
}

void report_types(const Figures& figures, const MemoryOptions& options, Output& output) {
  const auto live = figures["live_bytes"].get<std::uint64_t>();
  const Figures parameters{{"part", "types"}, {"types", options.types}};
  fmt::print(output.text(), "\n{} types of {} objects each: live {} MiB", options.types, objects_of_a_type,
             figure(mib(live)));
  for (const char* name : {"committed_bytes", "rss_bytes"}) {
    const auto bytes = figures[name].get<std::uint64_t>();
    output.add("memory", "midden", parameters, fmt::format("{}_to_live", name), "ratio", ratio(bytes, live));
    fmt::print(output.text(), ", {} {} MiB ({:.2f} of live)",
               std::strcmp(name, "rss_bytes") == 0 ? "resident" : "committed", figure(mib(bytes)), ratio(bytes, live));
  }
  fmt::print(output.text(), "\n");
}

void report_dropped(const Figures& figures, const MemoryOptions& options, Output& output) {
  const auto live = figures["live_bytes"].get<std::uint64_t>();
  fmt::print(output.text(), "\nOf {} MiB all but {} MiB dropped\n\n", figure(mib(options.bytes)), figure(mib(live)));
  Table table({"second", "resident MiB", "of live"});
  for (const Figures& second : figures["seconds"]) {
    const auto rss = second["rss_bytes"].get<std::uint64_t>();
    output.add("memory", "midden", {{"part", "dropped"}, {"bytes", options.bytes}, {"second", second["second"]}},
               "rss_to_live", "ratio", ratio(rss, live));
    table.row({figure(second["second"].get<double>()), figure(mib(rss)), fmt::format("{:.2f}", ratio(rss, live))});
  }
  table.print(output.text());
}

void report_large(const Figures& slice, const Figures& vector, const MemoryOptions& options, Output& output) {
  fmt::print(output.text(), "\nOne sequence of {} MiB of numbers, seconds\n\n", figure(mib(options.bytes)));
  Table table({"", "make", "free", "append one by one", "free"});
  for (const auto& [name, figures] :
       {std::pair<std::string, const Figures&>{"midden", slice}, {"std_vector", vector}}) {
    std::vector<std::string> cells{name};
    for (const char* metric : {"make_s", "free_made_s", "append_s", "free_s"}) {
      const double seconds = figures[metric].get<double>();
      output.add("memory", name, {{"part", "large"}, {"bytes", options.bytes}}, metric, "s", seconds);
      cells.push_back(figure(seconds));
    }
    table.row(std::move(cells));
  }
  table.print(output.text());
}

void run_memory(const MemoryOptions& options, Output& output) {
  const auto measure = [&](const char* name, Figures (*part)(const MemoryOptions&)) {
    return measure_in_child(name, [&] { return part(options); }).figures;
  };
  report_fragments(measure("memory, fragments", fragments), options, output);
  report_types(measure("memory, types", types), options, output);
  report_dropped(measure("memory, dropped", dropped), options, output);
  const Figures slice = measure("memory, slice", large_slice);
  report_large(slice, measure("memory, vector", large_vector), options, output);
}

}  // namespace

Case memory_case(CLI::App& app) {
  const auto options = std::make_shared<MemoryOptions>();
  CLI::App* command = app.add_subcommand("memory", "Fragmentation, many types, memory given back, large slices");
  add_bytes(*command, "--bytes", options->bytes, 1 << 20, std::size_t{64} << 30, "What is made in each part");
  add_number(*command, "--types", options->types, 1, 1'000'000, "Types of the part with many");
  add_number(*command, "--seconds", options->seconds, 1, 60, "How long to wait for memory to be given back");
  return {command, [options](Output& output) { run_memory(*options, output); }};
}

}  // namespace bench
