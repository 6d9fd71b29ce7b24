// Threads that attach, block, leave, ask for handshakes and grace periods, and hand tasks to each other.
//
//   task   a list of roots with a few lists of nodes; whichever thread has taken it uses it. A thread that ends
//          leaves its tasks, with roots alive, to the others.
//   share  a list that nobody keeps but those who use it: the others find it by a weak reference.
//
// Threads: several, which end and begin all the time; the tasks that wait stand under a lock, which is held across no
// safepoint.

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <midden/grace.hpp>
#include <midden/weak.hpp>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

using midden::Attach;
using midden::Root;
using midden::WeakRef;

struct Task {
  struct Held {
    Root<Node> list{};
    std::uint64_t first = 0;
    std::uint64_t length = 0;
  };
  explicit Task(midden::Runtime& runtime) : list(runtime) {}

  midden::RootList list;
  std::vector<Held> held;  // touched while the list is in use
};

class Tasks {
 public:
  explicit Tasks(midden::Runtime& runtime) {
    for (int i = 0; i < 6; ++i) waiting_.push_back(std::make_unique<Task>(runtime));
  }
  std::unique_ptr<Task> take(Random& random) {
    const std::lock_guard guard(lock_);
    if (waiting_.empty()) return nullptr;
    std::swap(random.pick(waiting_), waiting_.back());
    std::unique_ptr<Task> task = std::move(waiting_.back());
    waiting_.pop_back();
    return task;
  }
  void put(std::unique_ptr<Task> task) {
    const std::lock_guard guard(lock_);
    waiting_.push_back(std::move(task));
  }

 private:
  std::mutex lock_;
  std::vector<std::unique_ptr<Task>> waiting_;
};

class Threads {
 public:
  explicit Threads(midden::Runtime& runtime) : runtime_(runtime), tasks_(runtime) {
    const Attach here(runtime);
    for (int i = 0; i < 4; ++i) shares_.push_back(std::make_unique<midden::GlobalRoot<WeakRef<Node>>>());
  }

  // On a thread that is not attached.
  void operate(unsigned thread, Random& random) {
    switch (random.below(8)) {
      case 0:
        return live_short(thread, random);
      case 1:
        return collect_or_wait(random);
      default: {
        Attach here(runtime_);
        for (std::uint64_t turns = random.below(6); turns > 0; --turns) turn(here, thread, random);
      }
    }
  }

  // By one thread, when the others have ended.
  void finish(Random& random) {
    Attach here(runtime_);
    while (const std::unique_ptr<Task> task = tasks_.take(random)) {
      const midden::RootList::Use use(task->list);
      for (const Task::Held& held : task->held) must_be_list(held.list.get(), held.first, held.length);
      task->held.clear();
    }
    shares_.clear();
    runtime_.collect();
    must(runtime_.last_cycle().objects_marked == 0, "{} objects are alive without a root",
         runtime_.last_cycle().objects_marked);
  }

 private:
  std::uint64_t some_identity(unsigned thread, Random& random) { return (random() >> 8) * most_threads + thread; }

  void turn(Attach& here, unsigned thread, Random& random) {
    switch (random.below(9)) {
      case 0:
        return block(here, thread, random);
      case 1: {
        std::atomic<unsigned> ran{0};
        runtime_.handshake([&] { ++ran; });
        must(ran > 0, "a handshake ran on no thread");
        return;
      }
      case 2:
        return read_beside(here, random);
      case 3: {
        const std::uint64_t first = some_identity(thread, random);
        const std::uint64_t length = random.of_any_size(8);
        const Root<Node> list = make_list(here, first, length);
        midden::safepoint(here);
        return must_be_list(list.get(), first, length);
      }
      case 4:
        return share(here, thread, random);
      default:
        return work(here, thread, random);
    }
  }

  // Uses a task: looks at what it holds, and changes that.
  void work(Attach& here, unsigned thread, Random& random) {
    std::unique_ptr<Task> task = tasks_.take(random);
    if (task == nullptr) return midden::safepoint(here);
    {
      const midden::RootList::Use use(task->list);
      for (const Task::Held& held : task->held) must_be_list(held.list.get(), held.first, held.length);
      if (task->held.size() > 5 || (!task->held.empty() && random.one_in(3))) {
        std::swap(random.pick(task->held), task->held.back());
        task->held.pop_back();
      } else {
        const std::uint64_t first = some_identity(thread, random);
        const std::uint64_t length = random.below(40);
        task->held.push_back({make_list(here, first, length), first, length});
      }
      midden::safepoint(here);
    }
    tasks_.put(std::move(task));
  }

  void share(Attach& here, unsigned thread, Random& random) {
    midden::GlobalRoot<WeakRef<Node>>& place = *random.pick(shares_);
    const Root<WeakRef<Node>> weak(place);
    Root<Node> list = weak ? weak->get() : Root<Node>();
    const std::uint64_t first = list ? list->identity : some_identity(thread, random);
    const std::uint64_t length = 1 + first % 20;
    if (!list) {
      list = make_list(here, first, length);
      place = midden::make_weak(here, list);
    }
    for (std::uint64_t polls = random.below(4); polls > 0; --polls) midden::safepoint(here);
    must_be_list(list.get(), first, length);
  }

  void block(Attach& here, unsigned thread, Random& random) {
    const std::uint64_t first = some_identity(thread, random);
    const Root<Node> list = make_list(here, first, 10);
    {
      const midden::Blocked blocked;
      if (random.one_in(2)) std::this_thread::yield();
      if (random.one_in(2)) {
        const midden::Unblocked again;
        work(here, thread, random);
      }
      if (random.one_in(3)) {
        Attach anew(runtime_, "attached anew");
        work(anew, thread, random);
      }
    }
    must_be_list(list.get(), first, 10);
  }

  // What a section has seen stays while it is open, whoever asks for a grace period.
  void read_beside(Attach& here, Random& random) {
    const midden::ReadSection reading(here);
    const std::uint64_t period = runtime_.begin_grace_period();
    for (std::uint64_t polls = random.below(4); polls > 0; --polls) midden::safepoint(here);
    must(!runtime_.grace_period_over(period), "grace period {} is over beside a section that was open before", period);
  }

  void collect_or_wait(Random& random) {
    if (random.one_in(2)) return runtime_.collect();
    const std::uint64_t period = runtime_.begin_grace_period();
    runtime_.wait_for_grace_period();
    must(runtime_.grace_period_over(period), "grace period {} is not over though a later one is", period);
  }

  // A thread that lives for one task, and leaves it with roots alive.
  void live_short(unsigned thread, Random& random) {
    std::thread([&] {
      Attach here(runtime_, "short");
      work(here, thread, random);
    }).join();
  }

  midden::Runtime& runtime_;
  Tasks tasks_;
  std::vector<std::unique_ptr<midden::GlobalRoot<WeakRef<Node>>>> shares_;
};

}  // namespace

void play_threads(const Round& round) {
  midden::Runtime runtime(round.configuration(round.setting(0), false));
  Threads threads(runtime);
  round.side_by_side(
      [&](unsigned thread) { round.each_of(thread, [&](Random& random) { threads.operate(thread, random); }); });
  Random random = round.setting(2);
  threads.finish(random);
}

}  // namespace stress
