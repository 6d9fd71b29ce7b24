// midden-bench: what the collector and the maps cost, on this machine.
//
//   midden-bench [--json FILE] CASE [OPTION...]
//
//   case     a measurement under a name; each has a file here, and an entry in `cases` below
//   row      one figure of a case (output.hpp)
//
// A case prints its tables and adds its rows. Nothing is measured before all that was asked for
// is known to be possible.
//
// Exit: 0; 2 where the arguments are wrong; 1 where a run failed.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include <midden/build.hpp>
#include <midden/config.hpp>
#include <midden/error.hpp>
#include <midden/map_backend.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/options.hpp"
#include "tools/bench/output.hpp"
#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/peers/maps.hpp"
#include "tools/bench/peers/mimalloc.hpp"
#include "tools/bench/peers/programs.hpp"

namespace {

// What it can compare with, of what need not be there.
std::string peers() {
  std::string there;
  if (bench::bdwgc::present()) there += ", bdwgc " + bench::bdwgc::version();
  if (bench::mimalloc::present()) there += ", mimalloc " + bench::mimalloc::version();
  if (const std::string maps = bench::map_library_versions(); !maps.empty()) there += ", " + maps;
  if (const std::string programs = bench::program_versions(); !programs.empty()) there += ", " + programs;
  return there.empty() ? "none" : there.substr(2);
}

int run(int argc, char** argv) {
  CLI::App app("Measures Midden, a garbage-collected heap, and its maps.", "midden-bench");
  app.set_version_flag("--version", [] { return fmt::format("{}\npeers: {}", midden::version, peers()); });
  std::string json;
  app.add_option("--json", json, "Write the figures as JSON as well; - is standard output")->type_name("FILE");
  app.require_subcommand(0, 1);
  app.fallthrough();
  const std::vector<bench::Case> cases{bench::trees_case(app),  bench::gcbench_case(app), bench::alloc_case(app),
                                       bench::churn_case(app),  bench::maps_case(app),    bench::memory_case(app),
                                       bench::graph_case(app),  bench::rebuild_case(app), bench::refs_case(app),
                                       bench::pauses_case(app), bench::scaling_case(app), bench::snapshots_case(app),
                                       bench::space_case(app),  bench::stop_case(app),    bench::weak_case(app)};
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw CLI::RequiredError("A case");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const std::string map = midden::resolve({}).map;
  if (map != "auto" && midden::find_map_backend(map) == nullptr) {
    throw bench::UsageError(fmt::format("MIDDEN_MAP names backend \"{}\", which is not known", map));
  }
  bench::Output output(json);
  if (midden::checked) fmt::print(stderr, "midden-bench: this is the checked build, which is slow\n");
  for (const bench::Case& one : cases) {
    if (one.command->parsed()) one.run(output);
  }
  output.finish();
  return 0;
}

int fail(const char* why, int status) {
  fmt::print(stderr, "midden-bench: {}\n", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const bench::UsageError& error) {
    return fail(error.what(), 2);
  } catch (const midden::Error& error) {
    return fail(error.what(), 1);
  } catch (const std::exception& error) {
    return fail(error.what(), 1);
  }
}
