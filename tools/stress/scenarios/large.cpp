// Large objects under a hard limit: what has room is whole, what has none is refused, and what has died makes room.
//
// The limit is half of what the program would like to hold. A request that is refused has changed nothing; when all is
// dropped, one that is as large as half of the limit is granted again.
//
// Threads: one, and the Runtime's own.

#include <utility>
#include <vector>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

constexpr std::size_t limit = std::size_t{48} << 20;

struct Held {
  midden::Root<Bytes> bytes{};
  std::uint64_t identity = 0;
  std::size_t size = 0;
};

}  // namespace

void play_large(const Round& round) {
  midden::Config config = round.configuration(round.setting(0), true);
  config.heap_max = limit;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  std::vector<Held> all;
  std::uint64_t last = 0;
  const auto drop = [&](std::size_t i) {
    must_hold(*all[i].bytes, all[i].identity, all[i].size);
    std::swap(all[i], all.back());
    all.pop_back();
  };
  round.each([&](Random& random) {
    if (all.size() > 60 || (!all.empty() && random.one_in(3))) {
      const std::size_t i = random.below(all.size());
      round.tell("drop {}", all[i].identity);
      return drop(i);
    }
    const std::size_t size = random.of_any_size(random.one_in(8) ? 25 : 21);
    round.tell("make {} of {} bytes", last + 1, size);
    try {
      all.push_back({make_bytes(here, ++last, size), last, size});
    } catch (const midden::OutOfMemory&) {
      round.tell("refused");
    }
    const std::uint64_t committed = runtime.heap().committed_bytes;
    must(committed <= limit, "{} bytes are committed, beyond the limit", committed);
  });
  while (!all.empty()) drop(0);
  runtime.collect();
  // An exception here is a failure.
  must_hold(*make_bytes(here, last + 1, limit / 2), last + 1, limit / 2);
}

}  // namespace stress
