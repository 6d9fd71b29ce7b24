// Roots of every kind, made, moved, assigned and ended in any order.
//
//   holder:  Root | GlobalRoot | Pin | a root in a task's list | a place in a source of roots   ──▶ thing
//   thing  ◀── weak reference                                   which tells whether it has died
//
// After a collection a thing has died where the last holder has ended, and only there.
//
// Threads: one, and the Runtime's own.

#include <map>
#include <memory>
#include <vector>

#include <midden/pin.hpp>
#include <midden/root.hpp>
#include <midden/weak.hpp>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

using midden::GlobalRoot;
using midden::Pin;
using midden::Root;
using midden::RootList;

// A host's own table.
class Table final : public midden::RootSource {
 public:
  void trace(midden::Tracer& tracer) override {
    for (const Node* place : places) tracer.object(place);
  }
  const char* name() const override { return "table of the stress suite"; }

  std::vector<const Node*> places;
};

// A task's roots; they are touched while its list is in use.
struct Task {
  explicit Task(midden::Runtime& runtime) : list(runtime) {}
  RootList list;
  std::vector<Root<Node>> roots;
};

enum class Kind : std::uint8_t { root, global, pin, task, table };
constexpr std::uint64_t kinds = 5;

struct Holder {
  Kind kind{};
  std::uint64_t identity = 0;
  std::unique_ptr<Root<Node>> root{};
  std::unique_ptr<GlobalRoot<Node>> global{};
  Pin<Node> pin{};
  std::size_t task = 0;
  std::size_t place = 0;  // in the task's roots, or in the table
};

class Holders {
 public:
  Holders(const Round& round, midden::Runtime& runtime, midden::Attach& here)
      : round_(round), runtime_(runtime), here_(here) {
    runtime.add_roots(table_);
    for (int i = 0; i < 3; ++i) tasks_.push_back(std::make_unique<Task>(runtime));
  }
  ~Holders() {
    runtime_.remove_roots(table_);
    for (auto& task : tasks_) {
      const RootList::Use use(task->list);
      task->roots.clear();
    }
  }

  void operate(Random& random) {
    switch (random.below(9)) {
      case 0:
      case 1:
      case 2:
        if (holders_.size() < 400) add(random);
        break;
      case 3:
      case 4:
        end(random);
        break;
      case 5:
        move(random);
        break;
      case 6:
        if (random.one_in(10)) collect();
        break;
      case 7:
        if (random.one_in(20)) descend(random, 1 + random.below(60));
        break;
      default:
        look(random);
    }
  }

  void collect() {
    round_.tell("collect");
    runtime_.collect();
    std::map<std::uint64_t, std::uint64_t> held;
    for (const Holder& holder : holders_) ++held[holder.identity];
    for (auto entry = weak_.begin(); entry != weak_.end();) {
      const auto& [identity, weak] = *entry;
      const bool alive = held.contains(identity);
      must(weak->expired() != alive, "{} has {} holders and is {}", identity, held[identity], alive ? "dead" : "alive");
      entry = alive ? std::next(entry) : weak_.erase(entry);
    }
    for (const Holder& holder : holders_) must_hold_its_own(holder);
  }

 private:
  const Node* object_of(const Holder& holder) const {
    switch (holder.kind) {
      case Kind::root:
        return holder.root->get();
      case Kind::global:
        return holder.global->get();
      case Kind::pin:
        return holder.pin.get();
      case Kind::task:
        return tasks_[holder.task]->roots[holder.place].get();
      case Kind::table:
        return table_.places[holder.place];
    }
    return nullptr;
  }
  void must_hold_its_own(const Holder& holder) const {
    const Node* object = object_of(holder);
    must(object != nullptr, "a holder of {} is empty", holder.identity);
    must(object->identity == holder.identity, "a holder of {} has {}", holder.identity, object->identity);
  }

  // A thing that another holder has, or a new one.
  Root<Node> thing(Random& random) {
    if (!holders_.empty() && random.one_in(2)) {
      const Holder& other = random.pick(holders_);
      must_hold_its_own(other);
      return Root<Node>(const_cast<Node*>(object_of(other)));
    }
    Root<Node> node = make_node(here_, ++last_);
    weak_.emplace(last_, midden::make_weak(here_, node));
    return node;
  }

  void add(Random& random) {
    const Root<Node> node = thing(random);
    Holder holder;
    holder.kind = static_cast<Kind>(random.below(kinds));
    holder.identity = node->identity;
    round_.tell("hold {} by kind {}", holder.identity, static_cast<int>(holder.kind));
    give(holder, node, random);
    holders_.push_back(std::move(holder));
  }

  void give(Holder& holder, const Root<Node>& node, Random& random) {
    switch (holder.kind) {
      case Kind::root:
        holder.root = std::make_unique<Root<Node>>(node);
        break;
      case Kind::global:
        holder.global = std::make_unique<GlobalRoot<Node>>(node);
        break;
      case Kind::pin:
        holder.pin = Pin<Node>(node);
        break;
      case Kind::task: {
        holder.task = random.below(tasks_.size());
        Task& task = *tasks_[holder.task];
        const RootList::Use use(task.list);
        holder.place = task.roots.size();
        task.roots.push_back(node);
        break;
      }
      case Kind::table:
        holder.place = table_.places.size();
        table_.places.push_back(node.get());
        break;
    }
  }

  void end(Random& random) {
    if (holders_.empty()) return;
    const std::size_t i = random.below(holders_.size());
    Holder& holder = holders_[i];
    must_hold_its_own(holder);
    round_.tell("end a holder of {}, of kind {}", holder.identity, static_cast<int>(holder.kind));
    if (holder.kind == Kind::task) {
      Task& task = *tasks_[holder.task];
      const RootList::Use use(task.list);
      task.roots[holder.place] = nullptr;
    } else if (holder.kind == Kind::table) {
      table_.places[holder.place] = nullptr;
    }
    std::swap(holder, holders_.back());
    holders_.pop_back();
  }

  // What one holds goes to another place of its kind, or another thing comes to where it was.
  void move(Random& random) {
    if (holders_.empty()) return;
    Holder& holder = random.pick(holders_);
    round_.tell("move a holder of {}, of kind {}", holder.identity, static_cast<int>(holder.kind));
    const Root<Node> node = random.one_in(2) ? thing(random) : Root<Node>(const_cast<Node*>(object_of(holder)));
    switch (holder.kind) {
      case Kind::root:
        holder.root = random.one_in(2) ? std::make_unique<Root<Node>>(std::move(*holder.root))
                                       : std::make_unique<Root<Node>>(node);
        holder.identity = (*holder.root)->identity;
        break;
      case Kind::global:
        *holder.global = node;
        holder.identity = node->identity;
        break;
      case Kind::pin: {
        Pin<Node> pin = std::move(holder.pin);
        holder.pin = random.one_in(2) ? std::move(pin) : Pin<Node>(node);
        holder.identity = holder.pin->identity;
        break;
      }
      case Kind::task: {
        Task& task = *tasks_[holder.task];
        const RootList::Use use(task.list);
        task.roots[holder.place] = node;
        holder.identity = node->identity;
        break;
      }
      case Kind::table:
        table_.places[holder.place] = node.get();
        holder.identity = node->identity;
        break;
    }
  }

  // Roots in frames that lie far apart: each finds its own on the way back.
  void descend(Random& random, std::uint64_t depth) {
    volatile std::byte room[700];
    room[random.below(sizeof room)] = std::byte{1};
    const std::uint64_t identity = depth + 10'000'000;
    const Root<Node> root = make_node(here_, identity);
    if (depth > 1) {
      descend(random, depth - 1);
    } else {
      round_.tell("collect below many frames");
      runtime_.collect();
    }
    must(root->identity == identity, "the root of frame {} has {}", depth, root->identity);
  }

  void look(Random& random) {
    if (holders_.empty()) return;
    const Holder& holder = random.pick(holders_);
    round_.tell("look at {}", holder.identity);
    must_hold_its_own(holder);
    midden::safepoint(here_);
  }

  const Round& round_;
  midden::Runtime& runtime_;
  midden::Attach& here_;
  Table table_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Holder> holders_;
  std::map<std::uint64_t, Root<midden::WeakRef<Node>>> weak_;
  std::uint64_t last_ = 0;
};

}  // namespace

void play_roots(const Round& round) {
  midden::Runtime runtime(round.configuration(round.setting(0), true));
  midden::Attach here(runtime);
  Holders holders(round, runtime, here);
  round.each([&](Random& random) { holders.operate(random); });
  holders.collect();
}

}  // namespace stress
