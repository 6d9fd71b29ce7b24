#pragma once
// Midden with as many marking threads as a case asks for.
//
// Threads: one, before it has others: the environment changes.

#include <cstdint>
#include <cstdlib>

#include <midden/config.hpp>

namespace bench {

// 0: what MIDDEN_WORKERS or the default says. Else what MIDDEN_WORKERS says is forgotten.
inline midden::Config with_workers(std::uint32_t workers) {
  midden::Config config;
  config.workers = workers;
  if (workers != 0) unsetenv("MIDDEN_WORKERS");
  return config;
}

}  // namespace bench
