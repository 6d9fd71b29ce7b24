#include "collector/mark/mark_stack.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "tests/support/catch.hpp"

namespace midden::collector {
namespace {

TEST_CASE("What is pushed comes back, last in first out, through every growth") {
  MarkStack<int> stack;
  CHECK(stack.empty());
  CHECK(stack.capacity() == 0);
  constexpr int many = 100'000;
  int refused = 0;
  for (int i = 0; i < many; ++i) refused += !stack.push(i);
  CHECK(refused == 0);
  CHECK(stack.capacity() >= many);
  int wrong = 0;
  for (int i = many; i-- > 0;) wrong += stack.pop() != i;
  CHECK(wrong == 0);
  CHECK(stack.empty());
}

TEST_CASE("A stack at its limit says no and keeps what it has") {
  for (const std::size_t limit : {1U, 3U, 4096U, 5000U}) {
    CAPTURE(limit);
    MarkStack<std::size_t> stack(limit);
    for (std::size_t i = 0; i < limit; ++i) REQUIRE(stack.push(i));
    CHECK_FALSE(stack.push(limit));
    CHECK(stack.capacity() == limit);
    CHECK(stack.pop() == limit - 1);
    CHECK(stack.push(7));
    CHECK(stack.pop() == 7);
    for (std::size_t i = limit - 1; i-- > 0;) REQUIRE(stack.pop() == i);
    CHECK(stack.empty());
  }
}

TEST_CASE("A limit of nothing refuses every push") {
  MarkStack<int> stack(0);
  CHECK_FALSE(stack.push(1));
  CHECK(stack.empty());
}

TEST_CASE("A released stack is empty and can be used again") {
  MarkStack<int> stack;
  REQUIRE(stack.push(1));
  stack.release();
  CHECK(stack.empty());
  CHECK(stack.capacity() == 0);
  CHECK(stack.push(2));
  CHECK(stack.pop() == 2);
}

TEST_CASE("Every second entry is given away from the oldest on, and both stacks keep the order") {
  for (const std::size_t size : {0U, 1U, 2U, 7U, 8U, 9000U}) {
    for (const std::size_t asked : {std::size_t{0}, std::size_t{1}, size / 2, (size + 1) / 2, size}) {
      CAPTURE(size, asked);
      MarkStack<std::size_t> from;
      MarkStack<std::size_t> to;
      for (std::size_t i = 0; i < size; ++i) REQUIRE(from.push(i));
      const std::size_t given = from.give(to, asked);
      CHECK(given == std::min(asked, (size + 1) / 2));
      REQUIRE(to.size() == given);
      REQUIRE(from.size() == size - given);
      std::size_t wrong = 0;
      for (std::size_t i = size; i-- > 0;) {
        const bool away = i % 2 == 0 && i / 2 < given;
        wrong += (away ? to : from).pop() != i;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("A stack that has given much away moves what is left down before it grows") {
  MarkStack<int> from;
  constexpr int many = 4096;
  for (int i = 0; i < many; ++i) REQUIRE(from.push(i));
  REQUIRE(from.capacity() == many);
  std::vector<int> left(many);
  std::iota(left.begin(), left.end(), 0);
  for (const std::size_t asked : {700U, 600U, 1U}) {
    MarkStack<int> to;
    REQUIRE(from.give(to, asked) == asked);
    std::vector<int> given;
    for (std::size_t i = 0; i < asked; ++i) {
      given.insert(given.begin(), to.pop());
      CHECK(given.front() == left[2 * (asked - 1 - i)]);
    }
    std::erase_if(left, [&](int entry) { return std::binary_search(given.begin(), given.end(), entry); });
  }
  for (int i = many; left.size() < many; ++i) {
    REQUIRE(from.push(i));
    left.push_back(i);
  }
  CHECK(from.capacity() == many);
  int wrong = 0;
  for (; !left.empty(); left.pop_back()) wrong += from.pop() != left.back();
  CHECK(wrong == 0);
  CHECK(from.empty());
}

TEST_CASE("A stack gives what the other has room for, and keeps the rest") {
  MarkStack<int> from;
  MarkStack<int> to(2);
  for (int i = 0; i < 7; ++i) REQUIRE(from.push(i));
  CHECK(from.give(to, 3) == 2);
  CHECK(to.pop() == 2);
  CHECK(to.pop() == 0);
  for (const int left : {6, 5, 4, 3, 1}) CHECK(from.pop() == left);
  CHECK(from.empty());
}

// An entry whose arrays the system refuses at will.
struct Refusable {
  static void* operator new[](std::size_t bytes, const std::nothrow_t& nothrow) noexcept {
    return refused ? nullptr : ::operator new[](bytes, nothrow);
  }
  static void operator delete[](void* memory) { ::operator delete[](memory); }

  static inline bool refused = false;
  int value;
};

TEST_CASE("Memory that the system refuses is a full stack, and nothing is lost") {
  MarkStack<Refusable> stack;
  Refusable::refused = true;
  CHECK_FALSE(stack.push({0}));
  Refusable::refused = false;
  int pushed = 0;
  while (pushed == 0 || stack.capacity() > static_cast<std::size_t>(pushed)) REQUIRE(stack.push({pushed++}));
  Refusable::refused = true;
  CHECK_FALSE(stack.push({pushed}));
  Refusable::refused = false;
  CHECK(stack.push({pushed}));
  for (int i = pushed; i >= 0; --i) REQUIRE(stack.pop().value == i);
  CHECK(stack.empty());
}

}  // namespace
}  // namespace midden::collector
