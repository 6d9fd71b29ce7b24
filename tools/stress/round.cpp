#include "tools/stress/round.hpp"

#include <initializer_list>
#include <optional>
#include <thread>

namespace stress {

namespace {

constexpr std::uint32_t never = ~std::uint32_t{0};

// 0 most of the time, else one of those.
std::uint32_t seldom(Random& random, std::initializer_list<std::uint32_t> values) {
  return random.one_in(4) ? *(values.begin() + random.below(values.size())) : 0;
}

}  // namespace

midden::Config Round::configuration(Random random, bool alone) const {
  midden::Config config;
  config.name = "stress";
  config.seed = plan_.seed | 1;
  config.gc_floor = std::size_t{1} << (14 + random.below(8));
  config.gc_percent = random.one_in(8) ? std::nullopt : std::optional(static_cast<std::uint32_t>(random.below(200)));
  config.workers = static_cast<std::uint32_t>(1 + random.below(3));
  config.mark_prefetch = !random.one_in(4);
  config.mark_stack_limit = random.one_in(4) ? 1 + random.below(40) : 0;
  config.housekeeper = !alone && !random.one_in(3);
  config.run_cleanups = config.housekeeper;
  config.stop_warn = std::chrono::milliseconds(0);
  config.check = random.one_in(3) && plan_.check;
  config.stress.alloc = seldom(random, {1, 2, 7, 100});
  config.stress.safepoint = seldom(random, {1, 3, 20, 300});
  config.stress.root = seldom(random, {1, 5, 50});
  config.stress.resize = seldom(random, {1, 2});
  config.stress.grace = seldom(random, {1, 10});
  config.stress.rebuild = seldom(random, {1, 30, 400});
  // Under stress the secrets of hashing derive from the seed, too.
  if (!config.stress.any()) config.stress.resize = never;
  config.map_auto_references = random.one_in(2) ? random.below(50) : 1'000'000;
  return config;
}

void Round::side_by_side(const std::function<void(unsigned)>& f) const {
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < plan_.threads; ++thread) threads.emplace_back(f, thread);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace stress
