// Pins: made on an attached thread, moved, read and ended on any.

#include "runtime/pin_table.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Pin;
using midden::Root;
using midden::Runtime;

TEST_CASE("A Pin keeps its object alive, where and as it is") {
  Runtime runtime(checking());
  Attach here(runtime);
  Pin<midden::Array<char>> pin(midden::make_array<char>(100));
  char* const bytes = pin->data();
  std::memset(bytes, 'x', 100);
  CHECK(live_objects(runtime) == 1);
  for (int i = 0; i < 5; ++i) runtime.collect();
  CHECK(pin->data() == bytes);
  CHECK(std::string_view(bytes, 100) == std::string(100, 'x'));
  pin.release();
  CHECK_FALSE(pin);
  CHECK(pin.get() == nullptr);
  CHECK(live_objects(runtime) == 0);
  pin.release();
}

TEST_CASE("An empty Pin pins nothing") {
  Runtime runtime(quiet());
  Pin<Node> unbound;
  CHECK_FALSE(unbound);
  Attach here(runtime);
  Pin<Node> null(static_cast<Node*>(nullptr));
  CHECK_FALSE(null);
  CHECK(runtime.pins().count == 0);
}

TEST_CASE("A moved Pin holds on, and the one moved from is empty") {
  Runtime runtime(checking());
  Attach here(runtime);
  Pin<Node> first(make_list(1));
  Pin<Node> second(std::move(first));
  CHECK_FALSE(first);
  CHECK(second);
  CHECK(live_objects(runtime) == 1);
  Pin<Node> third(make_list(2));
  CHECK(live_objects(runtime) == 3);
  third = std::move(second);
  CHECK(runtime.pins().count == 1);
  CHECK(live_objects(runtime) == 1);
  Pin<Node>& same = third;
  third = std::move(same);
  CHECK(third);
  std::vector<Pin<Node>> pins;
  for (int i = 0; i < 20; ++i) pins.emplace_back(make_list(1));
  CHECK(live_objects(runtime) == 21);
  pins.erase(pins.begin(), pins.begin() + 15);
  CHECK(live_objects(runtime) == 6);
}

TEST_CASE("An object is pinned while any Pin names it") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> node = midden::make<Node>();
  Root<Node> other = midden::make<Node>();
  CHECK_FALSE(midden::is_pinned(node.get()));
  {
    Pin<Node> first(node);
    CHECK(midden::is_pinned(node.get()));
    CHECK_FALSE(midden::is_pinned(other.get()));
    {
      Pin<Node> second(node.get());
      CHECK(runtime.pins().count == 2);
    }
    CHECK(midden::is_pinned(node.get()));
    // Marking and sweeping keep it.
    runtime.collect();
    finish_sweep(runtime);
    CHECK(midden::is_pinned(node.get()));
  }
  CHECK_FALSE(midden::is_pinned(node.get()));
  CHECK(runtime.pins().count == 0);
}

TEST_CASE("Pins are counted and have an age") {
  Runtime runtime(quiet());
  Attach here(runtime);
  CHECK(runtime.pins().oldest_ns == 0);
  std::optional<Pin<Node>> old(std::in_place, make_list(1));
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(2)) midden::safepoint();
  const Pin<Node> young(make_list(1));
  CHECK(runtime.pins().count == 2);
  const std::uint64_t with_both = runtime.pins().oldest_ns;
  CHECK(with_both >= 2'000'000);
  old.reset();
  CHECK(runtime.pins().count == 1);
  CHECK(runtime.pins().oldest_ns > 0);
}

TEST_CASE("A Pin is read and ended on a thread that is not attached") {
  Runtime runtime(checking());
  Pin<Node> pin;
  {
    Attach here(runtime);
    pin = Pin<Node>(make_list(1));
    pin->value = 41;
  }
  std::thread([held = std::move(pin)]() mutable {
    CHECK(held->value == 41);
    held->value = 42;
    held.release();
  }).join();
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.pins().count == 0);
}

TEST_CASE("Pins end on other threads while the heap is collected, and checked") {
  Runtime runtime(GENERATE(false, true) ? checking() : quiet());
  Attach here(runtime);
  std::vector<Root<Node>> nodes;
  for (int i = 0; i < 200; ++i) nodes.push_back(midden::make<Node>());
  for (int round = 0; round < 20; ++round) {
    std::vector<Pin<Node>> pins;
    for (const Root<Node>& node : nodes) pins.emplace_back(node);
    std::thread ender([&pins] { pins.clear(); });
    runtime.collect();
    finish_sweep(runtime);
    {
      const midden::Blocked waiting;
      ender.join();
    }
    for (const Root<Node>& node : nodes) REQUIRE_FALSE(midden::is_pinned(node.get()));
  }
  CHECK(runtime.pins().count == 0);
}

TEST_CASE("Objects are pinned while other threads sweep") {
  Runtime runtime(quiet());
  Attach here(runtime);
  std::vector<Root<Node>> nodes;
  for (int i = 0; i < 2000; ++i) {
    nodes.push_back(midden::make<Node>());
    midden::make<Node>();
  }
  for (int round = 0; round < 20; ++round) {
    runtime.collect();
    std::thread sweeper([&] { finish_sweep(runtime); });
    std::vector<Pin<Node>> pins;
    for (const Root<Node>& node : nodes) pins.emplace_back(node);
    {
      const midden::Blocked waiting;
      sweeper.join();
    }
    for (const Root<Node>& node : nodes) REQUIRE(midden::is_pinned(node.get()));
  }
}

TEST_CASE("Pins left when the Runtime ends are reported with type and age, and empty") {
  std::vector<std::string> said;
  midden::Config config = quiet("short-lived");
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  auto runtime = std::make_unique<Runtime>(config);
  Pin<Node> left;
  Pin<Number> left_too;
  {
    Attach here(*runtime);
    left = Pin<Node>(make_list(1));
    left_too = Pin<Number>(midden::make<Number>());
    const Pin<Node> ended(make_list(1));
  }
  runtime.reset();
  REQUIRE(said.size() == 2);
  for (const std::string& line : said) {
    CAPTURE(line);
    CHECK(line.find("short-lived") != std::string::npos);
    CHECK(line.find("held for 0.0") != std::string::npos);
  }
  CHECK(said[0].find("Node") != std::string::npos);
  CHECK(said[1].find("Number") != std::string::npos);
  CHECK_FALSE(left);
  CHECK_FALSE(left_too);
  left.release();
}
