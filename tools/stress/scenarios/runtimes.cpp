// Several runtimes that begin and end, and a thread that goes from one to the other.
//
//   runtime ── roots that outlive an Attach: a task's list with lists of nodes
//
// While the thread is attached to one, inside of an Attach to another, it is Blocked there; both are collected. A
// runtime ends with its objects; those of the others are as they were.
//
// Threads: one, and the Runtimes' own.

#include <memory>
#include <vector>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

struct World {
  World(const midden::Config& config) : runtime(config), list(runtime) {}
  ~World() {
    midden::Attach here(runtime);
    const midden::RootList::Use use(list);
    heads.clear();
  }

  // Looks at all that is there, and adds or takes away.
  void work(Random& random) {
    midden::Attach here(runtime);
    const midden::RootList::Use use(list);
    for (std::size_t i = 0; i < heads.size(); ++i) must_be_list(heads[i].get(), firsts[i], length);
    if (heads.size() > 10 || (!heads.empty() && random.one_in(3))) {
      heads.pop_back();
      firsts.pop_back();
    } else {
      const std::uint64_t first = random() >> 8;
      heads.push_back(make_list(here, first, length));
      firsts.push_back(first);
    }
    if (random.one_in(6)) {
      runtime.collect();
      const std::uint64_t marked = runtime.last_cycle().objects_marked;
      const std::uint64_t objects = heads.size() * length;
      must(runtime.config().workers == 1 ? marked == objects : marked >= objects, "{} objects were marked of {}",
           marked, objects);
    }
  }

  static constexpr std::uint64_t length = 30;
  midden::Runtime runtime;
  midden::RootList list;
  std::vector<midden::Root<Node>> heads;
  std::vector<std::uint64_t> firsts;
};

}  // namespace

void play_runtimes(const Round& round) {
  std::vector<std::unique_ptr<World>> worlds;
  round.each([&](Random& random) {
    if (worlds.empty() || (worlds.size() < 4 && random.one_in(40))) {
      round.tell("begin a runtime");
      midden::Config config = round.configuration(Random(random(), 0, 0), true);
      config.reserve = std::size_t{1} << 30;
      worlds.push_back(std::make_unique<World>(config));
      return;
    }
    if (random.one_in(60)) {
      round.tell("end a runtime");
      std::swap(random.pick(worlds), worlds.back());
      worlds.pop_back();
      return;
    }
    World& outer = *random.pick(worlds);
    World& inner = *random.pick(worlds);
    if (&outer == &inner || random.one_in(2)) {
      round.tell("work in one");
      return outer.work(random);
    }
    round.tell("work in one inside of another");
    midden::Attach here(outer.runtime);
    const midden::Root<Node> list = make_list(here, 7, 20);
    inner.work(random);
    if (random.one_in(4)) outer.runtime.collect();
    must_be_list(list.get(), 7, 20);
  });
}

}  // namespace stress
