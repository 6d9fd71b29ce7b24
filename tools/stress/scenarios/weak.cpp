// Weak references, cleanups and destructors: each runs once, when its object has died, and not before.
//
//   guard ──▶ node ◀── weak reference, kept by the scenario
//     |         '─── cleanups: each counts itself in a ledger of the host, some with another object as argument
//     '─ a destructor, which finds the node whole and counts itself; not every node has a guard
//
// Some cleanups are cancelled, some make objects. After collections and `run_cleanups` the ledger says what the roots
// say.
//
// Threads: one, and the Runtime's own; cleanups run on this one.

#include <map>
#include <vector>

#include <midden/cleanup.hpp>
#include <midden/weak.hpp>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

using midden::Ref;
using midden::Root;

// How often something has run, by identity. It is the host's, and outlives the objects.
using Counts = std::map<std::uint64_t, unsigned>;

struct Guard {
  Counts* destroyed = nullptr;
  std::uint64_t identity = 0;
  Ref<Node> node;

  ~Guard() {
    must(node && node->identity == identity, "the destructor of guard {} finds another node", identity);
    ++(*destroyed)[identity];
  }
  static constexpr midden::Destructor midden_destructor{};
  static constexpr auto midden_refs = midden::refs<Guard>(&Guard::node);
};

struct Watched {
  Root<Node> node{};    // null when it was dropped
  Root<Guard> guard{};  // which has one
  bool guarded = false;
  Root<midden::WeakRef<Node>> weak{};
  unsigned cleanups = 0;
  std::vector<midden::Cleanup> handles{};
};

class Watch {
 public:
  struct Ledger {
    Counts cleaned{};
    Counts destroyed{};
  };

  Watch(const Round& round, midden::Runtime& runtime, midden::Attach& here, Ledger& ledger)
      : round_(round), runtime_(runtime), here_(here), cleaned_(ledger.cleaned), destroyed_(ledger.destroyed) {}

  void operate(Random& random) {
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return add(random);
      case 3:
        return drop(random);
      case 4:
        return cancel(random);
      case 5:
        if (random.one_in(8)) settle();
        return;
      default:
        return look(random);
    }
  }

  // What has no root has died, and what was to run then has run, once.
  void settle() {
    round_.tell("collect, and run cleanups");
    // What a guard or the argument of a cleanup kept dies a cycle later.
    for (int i = 0; i < 3; ++i) {
      runtime_.collect();
      runtime_.run_cleanups();
    }
    for (auto entry = watched_.begin(); entry != watched_.end();) {
      const auto& [identity, watched] = *entry;
      const bool alive = watched.node != nullptr;
      must(watched.weak->expired() != alive, "{} is {}", identity, alive ? "dead" : "alive");
      must(cleaned_[identity] == (alive ? 0 : watched.cleanups), "of {} cleanups of {} {} have run", watched.cleanups,
           identity, cleaned_[identity]);
      must(destroyed_[identity] == (alive || !watched.guarded ? 0 : 1),
           "the destructor of the guard of {} has run {} times", identity, destroyed_[identity]);
      entry = alive ? std::next(entry) : watched_.erase(entry);
    }
  }

  void finish() {
    for (auto& [identity, watched] : watched_) {
      watched.node = nullptr;
      watched.guard = nullptr;
    }
    settle();
  }

 private:
  // One that is watched; null where none is.
  Watched* some(Random& random, std::uint64_t& identity) {
    if (watched_.empty()) return nullptr;
    auto at = watched_.lower_bound(random.below(last_ + 1));
    if (at == watched_.end()) at = watched_.begin();
    identity = at->first;
    return &at->second;
  }

  void add(Random& random) {
    if (watched_.size() > 300) return;
    const std::uint64_t identity = ++last_;
    Watched watched;
    watched.node = make_node(here_, identity);
    watched.weak = midden::make_weak(here_, watched.node);
    watched.guarded = random.one_in(3);
    if (watched.guarded) {
      watched.guard = midden::make<Guard>(here_);
      watched.guard->destroyed = &destroyed_;
      watched.guard->identity = identity;
      watched.guard->node = watched.node;
    }
    for (std::uint64_t cleanups = random.below(3); cleanups > 0; --cleanups) add_cleanup(random, watched, identity);
    round_.tell("watch {} with {} cleanups{}", identity, watched.cleanups, watched.guarded ? " and a guard" : "");
    watched_.emplace(identity, std::move(watched));
  }

  void add_cleanup(Random& random, Watched& watched, std::uint64_t identity) {
    Counts* cleaned = &cleaned_;
    if (random.one_in(2)) {
      watched.handles.push_back(midden::add_cleanup(watched.node, [cleaned, identity] {
        ++(*cleaned)[identity];
        const Root<Node> made = midden::make<Node>();
        made->identity = identity;
      }));
    } else {
      const Root<Node> argument = make_node(here_, identity + 1'000'000);
      watched.handles.push_back(
          midden::add_cleanup(watched.node, argument, [cleaned, identity](const Root<Node>& given) {
            must(given->identity == identity + 1'000'000, "a cleanup of {} has another argument", identity);
            ++(*cleaned)[identity];
          }));
    }
    ++watched.cleanups;
  }

  void drop(Random& random) {
    std::uint64_t identity = 0;
    Watched* watched = some(random, identity);
    if (watched == nullptr) return;
    round_.tell("drop {}", identity);
    watched->node = nullptr;
    watched->guard = nullptr;
  }

  void cancel(Random& random) {
    std::uint64_t identity = 0;
    Watched* watched = some(random, identity);
    if (watched == nullptr || watched->handles.empty()) return;
    round_.tell("cancel a cleanup of {}", identity);
    if (watched->handles.back().cancel()) --watched->cleanups;
    watched->handles.pop_back();
  }

  void look(Random& random) {
    std::uint64_t identity = 0;
    const Watched* watched = some(random, identity);
    if (watched == nullptr) return;
    round_.tell("look at {}", identity);
    const Root<Node> found = watched->weak->get();
    must(found != nullptr || watched->node == nullptr, "{} is dead beside a root", identity);
    must(found == nullptr || found->identity == identity, "a weak reference to {} finds another", identity);
  }

  const Round& round_;
  midden::Runtime& runtime_;
  midden::Attach& here_;
  Counts& cleaned_;
  Counts& destroyed_;
  std::map<std::uint64_t, Watched> watched_;
  std::uint64_t last_ = 0;
};

}  // namespace

void play_weak(const Round& round) {
  midden::Config config = round.configuration(round.setting(0), true);
  config.run_cleanups = false;
  Watch::Ledger ledger;  // outlives the Runtime, whose end runs what is left
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  Watch watch(round, runtime, here, ledger);
  round.each([&](Random& random) { watch.operate(random); });
  watch.finish();
}

}  // namespace stress
