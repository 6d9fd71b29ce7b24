// Cleanups and destructors, as a host uses them.

#include <midden/cleanup.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::add_cleanup;
using midden::Attach;
using midden::Root;
using midden::Runtime;

namespace {

using namespace std::chrono_literals;

struct Boxed {
  midden::Ref<Number> number;
  static constexpr auto midden_refs = midden::refs<Boxed>(&Boxed::number);
};

// The host drains the queue.
midden::Config by_host() {
  midden::Config config = checking();
  config.run_cleanups = false;
  return config;
}

struct Loud {
  Loud(std::vector<int>& where, int its_number) : log(&where), number(its_number), text(100, 'x') {}
  ~Loud() { log->push_back(text == std::string(100, 'x') ? number : -1); }

  std::vector<int>* log;
  int number;
  std::string text;
  midden::Ref<Loud> other;
  static constexpr auto midden_refs = midden::refs<Loud>(&Loud::other);
  static constexpr midden::Destructor midden_destructor{};
};

TEST_CASE("A cleanup runs once, after its object is dead, when the host asks") {
  Runtime runtime(by_host());
  Attach here(runtime);
  int times = 0;
  Root<Node> node = midden::make<Node>();
  add_cleanup(node, [&] { ++times; });
  runtime.collect();
  CHECK(runtime.run_cleanups() == 0);
  CHECK(runtime.last_cycle().cleanups == 1);
  node = nullptr;
  runtime.collect();
  CHECK(runtime.last_cycle().cleanups == 0);
  CHECK(runtime.last_cycle().cleanups_due == 1);
  CHECK(times == 0);
  CHECK(runtime.run_cleanups() == 1);
  CHECK(times == 1);
  runtime.collect();
  CHECK(runtime.run_cleanups() == 0);
  CHECK(times == 1);
}

TEST_CASE("Cleanups run cycle by cycle, and within one what was added last comes first") {
  Runtime runtime(by_host());
  Attach here(runtime);
  std::vector<int> ran;
  std::vector<Root<Node>> nodes;
  for (int i = 0; i < 6; ++i) {
    nodes.push_back(midden::make<Node>());
    add_cleanup(nodes.back(), [&ran, i] { ran.push_back(i); });
    add_cleanup(nodes.back(), [&ran, i] { ran.push_back(10 + i); });
  }
  nodes[1] = nodes[3] = nullptr;
  runtime.collect();
  nodes.clear();
  runtime.collect();
  CHECK(runtime.run_cleanups(3) == 3);
  CHECK(ran == std::vector<int>{13, 3, 11});
  CHECK(runtime.run_cleanups() == 9);
  CHECK(ran == std::vector<int>{13, 3, 11, 1, 15, 5, 14, 4, 12, 2, 10, 0});
}

TEST_CASE("A cleanup's argument is kept until it has run, and what the argument is to others dies after it") {
  Runtime runtime(by_host());
  Attach here(runtime);
  std::vector<std::string> ran;
  Root<Node> object = midden::make<Node>();
  {
    const Root<Node> log = make_list(10);
    add_cleanup(object, log,
                [&](const Root<Node>& kept) { ran.push_back("object " + std::to_string(length_of(kept.get()))); });
    add_cleanup(log, [&] { ran.push_back("log"); });
  }
  CHECK(live_objects(runtime) == 11);
  object = nullptr;
  CHECK(live_objects(runtime) == 10);
  CHECK(live_objects(runtime) == 10);  // for as long as it has not run
  CHECK(runtime.run_cleanups() == 1);
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.run_cleanups() == 1);
  CHECK(ran == std::vector<std::string>{"object 10", "log"});
}

TEST_CASE("Weak references to an object are null before its cleanup and its destructor run") {
  Runtime runtime(by_host());
  Attach here(runtime);
  std::vector<int> log;
  Root<Loud> loud = midden::make<Loud>(log, 1);
  const auto weak = midden::make_weak(loud);
  bool expired = false;
  add_cleanup(loud, [&] { expired = weak->expired(); });
  loud = nullptr;
  runtime.collect();
  CHECK(weak->get() == nullptr);  // though the memory is kept for the destructor
  CHECK(log.empty());
  CHECK(runtime.run_cleanups() == 1);
  CHECK(log == std::vector<int>{1});
  CHECK_FALSE(expired);  // the cleanup waits until the destructor no longer needs the object
  runtime.collect();
  CHECK(runtime.run_cleanups() == 1);
  CHECK(expired);
}

TEST_CASE("Destructors run once, those of objects made last first, and may read what they refer to") {
  Runtime runtime(by_host());
  Attach here(runtime);
  std::vector<int> log;
  {
    Root<Loud> first = midden::make<Loud>(log, 1);
    Root<Loud> second = midden::make<Loud>(here, log, 2);
    Root<Loud> third(midden::unsafe::make<Loud>(here, log, 3));
    first->other = second;  // a ring
    second->other = first;
    third->other = first;
  }
  runtime.collect();
  CHECK(runtime.last_cycle().cleanups_due == 3);
  CHECK(runtime.last_cycle().objects_marked == 3);
  CHECK(runtime.run_cleanups() == 3);
  CHECK(log == std::vector<int>{3, 2, 1});
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.run_cleanups() == 0);
}

struct Thrower {
  Thrower() { throw 1; }
  ~Thrower() { std::abort(); }
  static constexpr midden::Leaf midden_leaf{};
  static constexpr midden::Destructor midden_destructor{};
};

// Its scan function looks at memory of the host's, which the destructor ends.
struct Scanned {
  explicit Scanned(std::size_t count) : kids(count) {}
  std::vector<midden::Ref<Scanned>> kids;
  midden::Ref<midden::WeakRef<Node>> weak;
  std::vector<bool>* alive = nullptr;
  ~Scanned() {
    if (alive != nullptr) alive->push_back(weak->get() != nullptr);
  }
  static void midden_trace(const Scanned& self, midden::Tracer& tracer) {
    for (const midden::Ref<Scanned>& kid : self.kids) tracer.edge(kid);
    tracer.edge(self.weak);
  }
  static constexpr midden::Destructor midden_destructor{};
};

TEST_CASE("An object whose destructor has run may still be scanned") {
  Runtime runtime(by_host());
  Attach here(runtime);
  {
    const Root<Scanned> parent = midden::make<Scanned>(std::size_t{3});
    for (midden::Ref<Scanned>& kid : parent->kids) kid = midden::make<Scanned>(std::size_t{2});
  }
  runtime.collect();
  for (int i = 0; i < 4; ++i) {
    CHECK(runtime.run_cleanups(1) == 1);  // the kids first: they were made later
    runtime.collect();
  }
  CHECK(runtime.run_cleanups() == 0);
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A weak reference that a destructor looks at is null or names what lives, also cycles later") {
  Runtime runtime(by_host());
  Attach here(runtime);
  std::vector<bool> alive;
  const Root<Node> lives = midden::make<Node>();
  Root<Node> dies_later = midden::make<Node>();
  for (const Root<Node>& target : {lives, midden::make<Node>(), dies_later}) {
    const Root<Scanned> object = midden::make<Scanned>(std::size_t{0});
    object->weak = midden::make_weak(target);
    object->alive = &alive;
  }
  runtime.collect();
  dies_later = nullptr;
  runtime.collect();
  finish_sweep(runtime);
  CHECK(runtime.run_cleanups() == 3);
  CHECK(alive == std::vector<bool>{false, false, true});
}

TEST_CASE("When a Runtime ends, what global roots and pins have kept dies in its order, too") {
  std::vector<int> log;
  std::vector<std::string> said;
  midden::Config config = by_host();
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  auto runtime = std::make_unique<Runtime>(config);
  std::unique_ptr<midden::GlobalRoot<Loud>> global;
  midden::Pin<Loud> pin;
  bool expired = false;
  {
    Attach here(*runtime);
    const Root<Loud> kept = midden::make<Loud>(log, 1);
    const Root<Loud> held = midden::make<Loud>(log, 2);
    const auto weak = midden::make_weak(kept);
    add_cleanup(kept, weak, [&](const auto& of_kept) { expired = of_kept->expired(); });
    global = std::make_unique<midden::GlobalRoot<Loud>>(kept);
    pin = midden::Pin<Loud>(held);
  }
  runtime.reset();
  CHECK(log.size() == 2);
  CHECK(expired);
  CHECK(said.size() == 2);
  CHECK(global->get() == nullptr);
  CHECK(pin.get() == nullptr);
}

TEST_CASE("A constructor that throws has no destructor run") {
  Runtime runtime(by_host());
  Attach here(runtime);
  CHECK_THROWS_AS(midden::make<Thrower>(), int);
  runtime.collect();
  CHECK(runtime.run_cleanups() == 0);
}

TEST_CASE("A cleanup that is cancelled does not run, and lets go of what it holds") {
  Runtime runtime(by_host());
  Attach here(runtime);
  const auto held = std::make_shared<int>(1);
  Root<Node> node = midden::make<Node>();
  int times = 0;
  midden::Cleanup cancelled = add_cleanup(node, make_list(5), [&times, held](const auto&) { ++times; });
  midden::Cleanup other = add_cleanup(node, [&times, held] { times += 10; });
  CHECK(held.use_count() == 3);
  CHECK(cancelled.cancel());
  CHECK_FALSE(cancelled.cancel());
  CHECK_FALSE(midden::Cleanup().cancel());
  CHECK(held.use_count() == 2);
  // What waits to be dropped keeps nothing, and names nothing that others have meanwhile.
  CHECK(live_objects(runtime) == 1);
  finish_sweep(runtime);
  const Root<Node> others = make_list(5);
  CHECK(live_objects(runtime) == 6);
  runtime.run_cleanups();
  CHECK(live_objects(runtime) == 6);
  node = nullptr;
  runtime.collect();
  runtime.run_cleanups();
  CHECK(times == 10);
  CHECK(held.use_count() == 1);
  CHECK_FALSE(other.cancel());
}

TEST_CASE("A closure may hold what can only be moved") {
  Runtime runtime(by_host());
  Attach here(runtime);
  int seen = 0;
  add_cleanup(midden::make<Node>(), [&seen, text = std::make_unique<int>(42)] { seen = *text; });
  runtime.collect();
  runtime.run_cleanups();
  CHECK(seen == 42);
}

TEST_CASE("A cleanup may allocate, collect, add cleanups and run them") {
  Runtime runtime(by_host());
  Attach here(runtime);
  std::vector<int> ran;
  add_cleanup(midden::make<Node>(), [&] {
    ran.push_back(1);
    add_cleanup(make_list(3), [&] { ran.push_back(2); });
    runtime.collect();
    runtime.run_cleanups();
    ran.push_back(3);
  });
  runtime.collect();
  CHECK(runtime.run_cleanups() == 1);
  CHECK(ran == std::vector<int>{1, 2, 3});
}

TEST_CASE("What memory of the host held before it became a closure's is not taken for a part of that") {
  std::vector<std::string> said;
  midden::Config config = by_host();
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  Runtime runtime(config);
  Attach here(runtime);
  // One whose lowest byte is that of a flag which is false, so that the bytes behind that may complete it.
  std::vector<Root<Node>> passed;
  do passed.push_back(midden::make<Node>());
  while (reinterpret_cast<std::uintptr_t>(passed.back().get()) % 256 != 0);
  const Root<Node> object = passed.back();
  std::uint64_t first = 17;
  const auto closure = [first, second = first]() mutable { first += second; };
  for (std::size_t bytes = 32; bytes <= 112; bytes += 8) {
    std::vector<std::uintptr_t> dirt(bytes / sizeof(std::uintptr_t), reinterpret_cast<std::uintptr_t>(object.get()));
  }
  for (int i = 0; i < 8; ++i) add_cleanup(object, closure);
  CHECK(said.empty());
}

TEST_CASE("A cleanup that keeps its own object is reported: at once, or by the first cycle that sees it") {
  std::vector<std::string> said;
  midden::Config config = by_host();
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  int times = 0;
  {
    Runtime runtime(config);
    Attach here(runtime);
    Root<Node> object = midden::make<Node>();
    CHECK_THROWS_AS(add_cleanup(object, object, [](const Root<Node>&) {}), std::invalid_argument);
    CHECK_THROWS_AS(add_cleanup(Root<Node>(), [] {}), std::invalid_argument);
    CHECK(said.empty());

    SECTION("by a pointer, root or pin in its closure") {
      for (int i = 0; i < 3; ++i) add_cleanup(object, [&times, kept = midden::Pin<Node>(object)] { ++times; });
      REQUIRE(said.size() == 1);  // once for each type
      CHECK(said[0].find("Node") != std::string::npos);
      CHECK(said[0].find("address of its own object") != std::string::npos);
    }
    SECTION("by a path from its argument") {
      Root<Node> argument = make_list(4);
      argument->left->left->right = object;
      const Root<Node> other = midden::make<Node>();
      add_cleanup(other, argument, [&](const auto&) { times += 100; });
      add_cleanup(object, argument, [&](const auto&) { ++times; });
      object = nullptr;
      argument = nullptr;
      runtime.collect();
      CHECK(said.empty());  // it lives by the other's argument
      CHECK(runtime.run_cleanups() == 0);
    }
    SECTION("by a path from its argument, and nothing else, and so does another's") {
      Root<Node> argument = make_list(4);
      argument->left->left->right = object;
      add_cleanup(object, argument, [&](const auto&) { ++times; });
      Root<Number> number = midden::make<Number>();
      Root<Boxed> box = midden::make<Boxed>();
      box->number = number;
      add_cleanup(number, box, [](const auto&) {});
      runtime.collect();
      CHECK(said.empty());
      object = argument = nullptr;
      number = nullptr;
      box = nullptr;
      for (int i = 0; i < 4; ++i) runtime.collect();
      REQUIRE(said.size() == 2);
      CHECK(said[0].find("Node keeps its own object alive") != std::string::npos);
      CHECK(said[1].find("Number keeps its own object alive") != std::string::npos);
      CHECK(runtime.run_cleanups() == 0);
    }
  }
  CHECK(times % 100 >= 1);  // the Runtime's end ran it
}

TEST_CASE("A closure that has its object's address in it is told of once for each type, in each Runtime") {
  for (const char* name : {"one", "other"}) {
    std::vector<std::string> said;
    midden::Config config = by_host();
    config.name = name;
    config.message = [&](std::string_view line) { said.emplace_back(line); };
    Runtime runtime(config);
    Attach here(runtime);
    const Root<Node> node = midden::make<Node>();
    const Root<Number> number = midden::make<Number>();
    for (int i = 0; i < 3; ++i) {
      // Closures of one C++ type.
      add_cleanup(node, std::function<void()>([at = node.get()] { static_cast<void>(at); }));
      add_cleanup(number, std::function<void()>([at = number.get()] { static_cast<void>(at); }));
    }
    REQUIRE(said.size() == 2);
    CHECK(said[0].find("Node, in it") != std::string::npos);
    CHECK(said[1].find("Number, in it") != std::string::npos);
  }
}

TEST_CASE("When a Runtime ends all its cleanups and destructors have run, in their order") {
  std::vector<int> ran;
  for (const bool aside : {false, true}) {
    ran.clear();
    midden::Config config = checking();
    config.run_cleanups = aside;
    {
      Runtime runtime(config);
      Attach here(runtime);
      Root<Loud> last = midden::make<Loud>(ran, 1);
      for (int i = 2; i < 40; ++i) {
        const Root<Loud> next = midden::make<Loud>(ran, i);
        add_cleanup(next, last, [&ran](const Root<Loud>& kept) { ran.push_back(1000 + kept->number); });
        last = next;
      }
    }
    CHECK(ran.size() == 39 + 38);
    // Each object's destructor comes behind the cleanup whose argument it is.
    for (int i = 1; i < 39; ++i) {
      const auto cleanup = std::find(ran.begin(), ran.end(), 1000 + i);
      const auto destructor = std::find(ran.begin(), ran.end(), i);
      REQUIRE(cleanup < destructor);
    }
  }
}

TEST_CASE("A cleanup that adds another for ever does not keep a Runtime from ending") {
  int times = 0;
  std::function<void()> again;
  {
    Runtime runtime(by_host());
    again = [&] {
      ++times;
      add_cleanup(midden::make<Node>(), again);
    };
    Attach here(runtime);
    add_cleanup(midden::make<Node>(), again);
    for (int i = 0; i < 10; ++i) {
      runtime.collect();
      runtime.run_cleanups();
    }
    CHECK(times == 10);
  }
  CHECK(times > 10);
  CHECK(times < 1000);
}

TEST_CASE("Cleanups run by themselves, on the housekeeper, attached") {
  Runtime runtime(checking());
  std::atomic<int> times{0};
  std::atomic<bool> elsewhere{false};
  const std::thread::id here_id = std::this_thread::get_id();
  Attach here(runtime);
  for (int i = 0; i < 100; ++i) {
    add_cleanup(midden::make<Node>(), make_list(3), [&](const Root<Node>& list) {
      elsewhere = std::this_thread::get_id() != here_id;
      if (length_of(list.get()) == 3 && length_of(make_list(5).get()) == 5) ++times;
    });
  }
  runtime.collect();
  const midden::Blocked blocked;
  CHECK(within(60s, [&] { return times == 100; }));
  CHECK(elsewhere);
}

TEST_CASE("Without a housekeeper the host's idle moments run cleanups") {
  midden::Config config = checking();
  config.housekeeper = false;
  Runtime runtime(config);
  Attach here(runtime);
  int times = 0;
  for (int i = 0; i < 10; ++i) add_cleanup(midden::make<Node>(), [&] { ++times; });
  runtime.collect();
  while (!runtime.idle(1s)) {
  }
  CHECK(times == 10);
}

TEST_CASE("A thread that is not attached may run cleanups, and one that is Blocked") {
  Runtime runtime(by_host());
  int times = 0;
  {
    Attach here(runtime);
    for (int i = 0; i < 2; ++i) add_cleanup(midden::make<Node>(), [&] { ++times; });
  }
  runtime.collect();
  CHECK(runtime.run_cleanups(1) == 1);
  Attach here(runtime);
  const midden::Blocked blocked;
  CHECK(runtime.run_cleanups() == 1);
  CHECK(times == 2);
}

TEST_CASE("What a cleanup throws is fatal and says what") {
  const Death death = death_of([] {
    Runtime runtime(by_host());
    Attach here(runtime);
    add_cleanup(midden::make<Node>(), [] { throw std::runtime_error("the disk is gone"); });
    runtime.collect();
    runtime.run_cleanups();
  });
  CHECK(death.signal == SIGABRT);
  CHECK(death.words.find("a cleanup or destructor threw") != std::string::npos);
  CHECK(death.words.find("the disk is gone") != std::string::npos);
}

TEST_CASE("Threads add cleanups while others collect, and none is lost or run twice") {
  constexpr int each = 400;
  std::vector<std::atomic<int>> ran(3 * each);
  {
    Runtime runtime(quiet());
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        Attach here(runtime);
        for (int k = i * each; k < (i + 1) * each; ++k) {
          add_cleanup(midden::make<Node>(), make_list(2), [&ran, k](const Root<Node>& list) {
            ran[static_cast<std::size_t>(k)] += length_of(list.get()) == 2 ? 1 : 100;
          });
          if (k % 50 == 0) runtime.run_cleanups(5);
        }
      });
    }
    for (int i = 0; i < 30; ++i) runtime.collect();
    for (std::thread& thread : threads) thread.join();
  }
  int wrong = 0;
  for (const std::atomic<int>& times : ran) wrong += times != 1;
  CHECK(wrong == 0);
}

}  // namespace
