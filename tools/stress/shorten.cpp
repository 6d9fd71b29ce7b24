#include "tools/stress/shorten.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "tools/stress/trial.hpp"

namespace stress {

namespace {

// A history that takes longer is none that fails as the first one did, which did not hang.
constexpr std::chrono::seconds patience{10};

bool failed_as_before(const Trial& trial) { return trial.fault && !trial.fault->hung; }

}  // namespace

Shortened shortened(const Scenario& scenario, Plan plan, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                          std::chrono::duration<double>(seconds));
  Shortened best;
  const auto fails = [&](std::vector<std::uint64_t> only) {
    if (only.empty()) return false;
    ++best.trials;
    plan.only = std::move(only);
    return failed_as_before(try_rounds(scenario, plan, Rounds::one, true, patience));
  };
  std::vector<std::uint64_t> all(plan.operations);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  if (!fails(all)) return best;
  best.only = std::move(all);
  for (std::size_t part = best.only.size() / 2; part > 0 && std::chrono::steady_clock::now() < end;) {
    bool shorter = false;
    // From the end: what came first is what later operations need.
    for (std::size_t i = best.only.size(); i > 0 && std::chrono::steady_clock::now() < end;) {
      const std::size_t begin = i - std::min(i, part);
      std::vector<std::uint64_t> without = best.only;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(begin),
                    without.begin() + static_cast<std::ptrdiff_t>(i));
      if (fails(without)) {
        best.only = std::move(without);
        shorter = true;
      }
      i = begin;
    }
    if (part > 1 || !shorter) part /= 2;
  }
  return best;
}

}  // namespace stress
