#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      {"graph", "a random graph of objects, beside a shadow of it", false, 4000, play_graph},
      {"roots", "roots of every kind, made, moved and ended in any order", false, 4000, play_roots},
      {"weak", "weak references, cleanups and destructors", false, 4000, play_weak},
      {"slices", "slices that grow, share and are cut, beside vectors", false, 4000, play_slices},
      {"large", "large objects under a hard limit", false, 1500, play_large},
      {"maps", "maps with snapshots, rebuilds, walks and pins, beside std::map", false, 4000, play_maps},
      {"refusals", "maps, slices and objects where each n-th request for memory is refused", false, 3000,
       play_refusals},
      {"runtimes", "several runtimes that begin and end", false, 600, play_runtimes},
      {"threads", "threads that attach, block, leave, and hand tasks on", true, 400, play_threads},
      {"pins", "pins that threads hand to each other", true, 1500, play_pins},
      {"concurrent-maps", "maps that all threads write, with snapshots and walks", true, 3000, play_concurrent_maps},
  };
  return all;
}

}  // namespace stress
