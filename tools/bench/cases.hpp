#pragma once
// The cases of midden-bench. Each function adds its command to the program.
//
//   case      measures                                                  against
//
//   trees     binary trees, made and dropped                            bdwgc, malloc, mimalloc, Go, Java
//   gcbench   GCBench: trees, top-down and bottom-up                    the same
//   alloc     objects of one size, made and dropped: each size, threads  the same
//   churn     objects of a large heap, replaced at random               the same
//   memory    fragmentation, memory given back, large slices             std::vector
//   graph     marking a shuffled graph                                  bdwgc, Go, Java
//   rebuild   a map that moves to another backend while it is written
//   refs      marking a slice of very many references                   bdwgc, Go, Java
//   maps      each operation of a map, by one thread and by two         std::map and std::unordered_map,
//                                                                       Abseil, Boost, oneTBB
//   pauses    a map in use while it is collected: pauses, space, speed  std::map
//   scaling   mark time from small maps to large ones
//   snapshots what a snapshot of a map takes, and costs those who write
//   space     bytes for an entry, at several sizes of a map
//   weak      what the weak phase takes, for each thing in it
//   stop      time to stop and resume threads that allocate             bdwgc
//
// All peers but malloc and what the standard library has are such that a program may have been built
// without, and Java one that may not be here when it runs: `midden-bench --version` tells. --subjects leaves out what
// is not asked for.

#include "tools/bench/options.hpp"

namespace bench {

Case alloc_case(CLI::App& app);
Case churn_case(CLI::App& app);
Case gcbench_case(CLI::App& app);
Case graph_case(CLI::App& app);
Case maps_case(CLI::App& app);
Case memory_case(CLI::App& app);
Case pauses_case(CLI::App& app);
Case rebuild_case(CLI::App& app);
Case refs_case(CLI::App& app);
Case scaling_case(CLI::App& app);
Case snapshots_case(CLI::App& app);
Case space_case(CLI::App& app);
Case stop_case(CLI::App& app);
Case trees_case(CLI::App& app);
Case weak_case(CLI::App& app);

}  // namespace bench
