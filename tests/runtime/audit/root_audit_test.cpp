// MIDDEN_AUDIT_ROOTS: what is said of words that have the address of an object that dies.

#include "runtime/audit/root_audit.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Blocked;
using midden::Root;
using midden::Runtime;
using midden::runtime::StackWords;

namespace {

// A Runtime that audits its roots, and what it says.
class Audited {
 public:
  Audited() : runtime_(config()) {}

  Runtime& runtime() { return runtime_; }
  const std::vector<std::string>& said() const { return said_; }
  // How many reports have all of these in them.
  std::size_t count(std::initializer_list<std::string_view> parts) const {
    std::size_t found = 0;
    for (const std::string& text : said_) {
      bool all = true;
      for (const std::string_view part : parts) all = all && text.find(part) != std::string::npos;
      found += all;
    }
    for (const std::string& text : said_) UNSCOPED_INFO(text);
    return found;
  }

 private:
  midden::Config config() {
    midden::Config config = quiet("audited");
    config.audit_roots = true;
    config.message = [this](std::string_view text) { said_.emplace_back(text); };
    return config;
  }

  std::vector<std::string> said_;
  Runtime runtime_;
};

// Nothing keeps it, once this has returned.
[[gnu::noinline]] Node* make_unrooted(std::int64_t value) {
  const Root<Node> node = midden::make<Node>();
  node->value = value;
  return node.get();
}

// Has room for references that its type does not tell of.
struct Drawer {
  std::array<Node*, 20> hidden{};

  static constexpr midden::Leaf midden_leaf{};
};

template <class Wait>
[[gnu::noinline]] std::int64_t hold_a_node(Wait&& wait) {
  Node* const volatile node = make_unrooted(7);  // stays in the frame, however this is optimised
  wait();
  return node->value;
}

[[gnu::noinline]] const midden::Ref<Node>* field_of_unrooted() { return &make_unrooted(7)->left; }

template <class Wait>
[[gnu::noinline]] std::int64_t hold_a_number(Wait&& wait) {
  Number* const volatile number = midden::make<Number>().get();
  wait();
  return number->value;
}

template <class Wait>
[[gnu::noinline]] bool hold_a_field(Wait&& wait) {
  const midden::Ref<Node>* const volatile field = field_of_unrooted();
  wait();
  return field->get() == nullptr;
}

// Another thread that holds an object in `hold`, quiet as `Quiet` has it, while this one collects.
template <class Quiet>
void collect_beside(Audited& audited, Quiet&& quiet) {
  std::atomic<bool> held{false};
  std::atomic<bool> done{false};
  std::thread holder([&] {
    const Attach here(audited.runtime(), "holder");
    hold_a_node([&] { quiet(held, done); });
  });
  while (!held) std::this_thread::yield();
  audited.runtime().collect();
  done = true;
  holder.join();
}

}  // namespace

TEST_CASE("A word in a frame that nothing keeps alive is told of, with thread, place, function and birth") {
  if (!StackWords::supported()) return;
  Audited audited;
  const Attach here(audited.runtime(), "auditor");
  hold_a_node([&] { audited.runtime().collect(); });
  INFO(audited.said().size());
  CHECK(audited.count({"midden: audited: suspect: no root keeps Node@", ", which dies in this cycle; ",
                       "thread \"auditor\" has its address ", "\n  held by       ", "hold_a_node",
                       "\n  allocated by  (anonymous)::make_unrooted"}) == 1);
}

TEST_CASE(
    "What a root, a pin, a global root or a reference keeps is no suspect, nor is what a cleanup has as argument") {
  if (!StackWords::supported()) return;
  Audited audited;
  const Attach here(audited.runtime());
  const Root<Node> root = make_list(2);
  const midden::GlobalRoot<Node> global(make_list(2));
  const midden::Pin<Node> pin(make_list(2));
  {
    const Root<Node> named = midden::make<Node>();
    midden::add_cleanup(root, named, [](const Root<Node>& argument) { argument->value = 1; });
  }
  for (int i = 0; i < 3; ++i) audited.runtime().collect();
  CHECK(audited.said().empty());
}

TEST_CASE("A thread is looked at where it blocked, whatever it has done since") {
  if (!StackWords::supported()) return;
  Audited audited;
  collect_beside(audited, [](std::atomic<bool>& held, std::atomic<bool>& done) {
    const Blocked blocked;
    held = true;
    while (!done) std::this_thread::yield();
  });
  CHECK(audited.count({"thread \"holder\" has its address ", "hold_a_node"}) >= 1);
}

TEST_CASE("A thread is looked at where it stopped at a poll") {
  if (!StackWords::supported()) return;
  Audited audited;
  collect_beside(audited, [](std::atomic<bool>& held, std::atomic<bool>& done) {
    held = true;
    while (!done) midden::safepoint();
  });
  CHECK(audited.count({"thread \"holder\" has its address ", "hold_a_node"}) >= 1);
}

TEST_CASE("An address inside of an object counts, and says where") {
  if (!StackWords::supported()) return;
  Audited audited;
  const Attach here(audited.runtime());
  hold_a_field([&] { audited.runtime().collect(); });
  CHECK(audited.count({"has its address +8 ", "hold_a_field"}) == 1);
}

TEST_CASE("A call is told of once for each type of objects") {
  if (!StackWords::supported()) return;
  Audited audited;
  const Attach here(audited.runtime());
  const auto hold_both = [&]() __attribute__((noinline)) {
    hold_a_node([&] { audited.runtime().collect(); });
    hold_a_number([&] { audited.runtime().collect(); });
  };
  hold_both();
  CHECK(audited.count({"no root keeps Node@", "hold_a_node"}) == 1);
  CHECK(audited.count({"no root keeps Number@", "hold_a_number"}) == 1);
  const std::size_t once = audited.said().size();
  for (int i = 0; i < 3; ++i) hold_both();
  CHECK(audited.said().size() == once);
}

TEST_CASE("Fields that their type does not declare are told of by type and offset, eight a cycle") {
  if (!StackWords::supported()) return;
  Audited audited;
  const Attach here(audited.runtime());
  const Root<Drawer> drawer = midden::make<Drawer>();
  // Not here, where frames would have them.
  std::thread([&] {
    const Attach filler(audited.runtime(), "filler");
    for (Node*& hidden : drawer->hidden) hidden = make_unrooted(1);
  }).join();
  audited.runtime().collect();
  CHECK(audited.said().size() == midden::runtime::RootAudit::most_told);
  CHECK(audited.count({"Drawer@", " has its address at +8, where its type declares no reference",
                       "\n  allocated by  (anonymous)::make_unrooted"}) == 1);
  audited.runtime().collect();  // they have died, and are none any more
  CHECK(audited.said().size() == midden::runtime::RootAudit::most_told);
}

TEST_CASE("What died before is no suspect, though its address is still there") {
  if (!StackWords::supported()) return;
  Audited audited;
  const Attach here(audited.runtime());
  const Root<Drawer> drawer = midden::make<Drawer>();
  drawer->hidden[3] = make_unrooted(1);
  for (int i = 0; i < 3; ++i) audited.runtime().collect();
  CHECK(audited.count({"Drawer@", " has its address at +24,"}) == 1);
}

TEST_CASE("Threads that come, allocate, block and go are audited beside collections") {
  if (!StackWords::supported()) return;
  Audited audited;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 5; ++k) {
        const Attach here(audited.runtime(), "passer");
        const Root<Node> list = make_list(20);
        const Blocked blocked;
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 20; ++i) audited.runtime().collect();
  for (std::thread& thread : threads) thread.join();
  const Attach here(audited.runtime());
  CHECK(live_objects(audited.runtime()) == 0);
}

TEST_CASE("A build that cannot walk stacks refuses to audit them") {
  midden::Config config = quiet();
  config.audit_roots = true;
  if (StackWords::supported()) {
    CHECK_NOTHROW(Runtime(config));
  } else {
    CHECK_THROWS_AS(Runtime(config), midden::ConfigError);
  }
}
