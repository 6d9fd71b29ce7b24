#include "collector/mark/prefetch_queue.hpp"

#include <deque>

#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

using collector::Delay;
using collector::Fifo;

TEST_CASE("What goes into a delay comes out that many entries later") {
  const int things[20] = {};
  Delay<const int*, 4> delay;
  CHECK(delay.pop() == nullptr);
  for (int i = 0; i < 20; ++i) CHECK(delay.exchange(&things[i]) == (i < 4 ? nullptr : &things[i - 4]));
  for (int i = 16; i < 20; ++i) CHECK(delay.pop() == &things[i]);
  CHECK(delay.pop() == nullptr);
}

TEST_CASE("A delay loses nothing and keeps the order, however entries go in and out") {
  const int things[64] = {};
  Delay<const int*, 8> delay;
  std::deque<const int*> waiting;
  auto random = test_generator(31);
  const auto comes_out = [&](const int* entry) {
    if (entry == nullptr) return;
    REQUIRE(entry == waiting.front());
    waiting.pop_front();
  };
  for (int step = 0; step < 5000; ++step) {
    if (random() % 2 == 0) {
      const bool empty = waiting.empty();
      const int* entry = delay.pop();
      REQUIRE((entry == nullptr) == empty);
      comes_out(entry);
    } else {
      waiting.push_back(&things[random() % 64]);
      comes_out(delay.exchange(waiting.back()));
    }
    REQUIRE(waiting.size() <= 8);
  }
}

TEST_CASE("A fifo gives back in the order in which it took") {
  Fifo<int, 4> fifo;
  int in = 0, out = 0;
  auto random = test_generator(32);
  for (int step = 0; step < 1000; ++step) {
    REQUIRE(fifo.empty() == (in == out));
    REQUIRE(fifo.full() == (in - out == 4));
    if (!fifo.full() && (fifo.empty() || random() % 2 == 0)) {
      fifo.push(in++);
    } else {
      REQUIRE(fifo.pop() == out++);
    }
  }
}

}  // namespace
}  // namespace midden::collector_tests
