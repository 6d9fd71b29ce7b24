#pragma once
// What the tests of the runtime have in common: a settled configuration and two types.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

// A small heap that is deaf to the environment, so that counts of cycles hold whatever is set, and which
// says nothing of the machine's being slow.
inline midden::Config quiet(std::string name = "runtime") {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.name = std::move(name);
  config.reserve = std::size_t{1} << 30;
  config.stop_warn = std::chrono::milliseconds(0);
  return config;
}

// As quiet, with the second marker and the heap walk at every cycle.
inline midden::Config checking(std::string name = "runtime") {
  midden::Config config = quiet(std::move(name));
  config.check = true;
  return config;
}

// Collects; the number of objects that are alive.
inline std::uint64_t live_objects(midden::Runtime& runtime) {
  runtime.collect();
  return runtime.last_cycle().objects_marked;
}

// Sweeps all that the last cycle left to sweep.
inline void finish_sweep(midden::Runtime& runtime) {
  while (!runtime.idle(std::chrono::seconds(1))) {
  }
}

// Whether the condition comes true in time: what another thread does by itself.
template <class Condition>
bool within(std::chrono::seconds limit, Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

struct Node {
  std::int64_t value = 0;
  midden::Ref<Node> left;
  midden::Ref<Node> right;

  static constexpr auto midden_refs = midden::refs<Node>(&Node::left, &Node::right);
};

struct Number {
  std::int64_t value = 0;

  static constexpr midden::Leaf midden_leaf{};
};

// A list of `length` nodes with the values length - 1 ... 0, linked by `left`.
inline midden::Root<Node> make_list(std::int64_t length) {
  midden::Root<Node> head;
  for (std::int64_t i = 0; i < length; ++i) {
    midden::Root<Node> node = midden::make<Node>();
    node->value = i;
    node->left = head;
    head = node;
  }
  return head;
}

inline std::int64_t length_of(const Node* node) {
  std::int64_t length = 0;
  for (; node != nullptr; node = node->left.get()) ++length;
  return length;
}
