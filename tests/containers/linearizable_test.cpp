// The checker of histories: it accepts what can have been, and refuses what cannot.

#include "tests/containers/linearizable.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace {

constexpr std::int64_t absent = Operation::absent;

bool can_be(const std::vector<Operation>& history) { return OneKey().follow(history); }

}  // namespace

TEST_CASE("A history of one thread is right where each result is") {
  const std::vector<Operation> right{{Act::find, 0, absent, 0, 1, 2},
                                     {Act::insert, 5, 1, 0, 3, 4},
                                     {Act::insert, 6, 0, 0, 5, 6},
                                     {Act::find, 0, 5, 0, 7, 8},
                                     {Act::add, 2, 7, 0, 9, 10},
                                     {Act::get_or_insert, 1, 7, 0, 11, 12},
                                     {Act::erase_odd, 0, 1, 0, 13, 14},
                                     {Act::erase, 0, 0, 0, 15, 16},
                                     {Act::add, 4, 4, 0, 17, 18},
                                     {Act::erase_odd, 0, 0, 0, 19, 20},
                                     {Act::assign, 9, 0, 0, 21, 22},
                                     {Act::erase, 0, 1, 0, 23, 24},
                                     {Act::get_or_insert, 3, 3, 0, 25, 26},
                                     {Act::assign, 4, 0, 0, 27, 28},
                                     {Act::find, 0, 4, 0, 29, 30}};
  CHECK(can_be(right));
  for (std::size_t i = 0; i < right.size(); ++i) {
    std::vector<Operation> wrong = right;
    wrong[i].result = wrong[i].result == 1 ? 0 : 1;
    CAPTURE(i);
    CHECK_FALSE(can_be(wrong));
  }
}

TEST_CASE("Operations at the same time may happen in either order") {
  const Operation assign{Act::assign, 7, 1, 0, 1, 10};
  CHECK(can_be({assign, {Act::find, 0, absent, 1, 2, 9}}));
  CHECK(can_be({assign, {Act::find, 0, 7, 1, 2, 9}}));
  CHECK(can_be({assign, {Act::find, 0, absent, 1, 2, 3}, {Act::find, 0, 7, 1, 4, 5}}));
  CHECK_FALSE(can_be({assign, {Act::find, 0, 8, 1, 2, 9}}));
}

TEST_CASE("What was seen once is not unseen") {
  const Operation assign{Act::assign, 7, 1, 0, 1, 10};
  CHECK_FALSE(can_be({assign, {Act::find, 0, 7, 1, 2, 3}, {Act::find, 0, absent, 1, 4, 5}}));
  // By two threads, one after the other, while the assign is still under way.
  CHECK_FALSE(can_be({assign, {Act::find, 0, 7, 1, 2, 3}, {Act::find, 0, absent, 2, 4, 5}}));
  CHECK(can_be({assign, {Act::find, 0, 7, 1, 2, 6}, {Act::find, 0, absent, 2, 4, 5}}));
}

TEST_CASE("A stale find after a write has returned is refused") {
  CHECK_FALSE(can_be({{Act::assign, 7, 1, 0, 1, 2}, {Act::find, 0, absent, 1, 3, 4}}));
  CHECK_FALSE(can_be({{Act::assign, 7, 1, 0, 1, 2}, {Act::assign, 8, 0, 0, 3, 4}, {Act::find, 0, 7, 1, 5, 6}}));
}

TEST_CASE("An update that was lost is refused") {
  CHECK_FALSE(can_be({{Act::add, 1, 1, 0, 1, 10}, {Act::add, 1, 1, 1, 2, 9}}));
  CHECK(can_be({{Act::add, 1, 1, 0, 1, 10}, {Act::add, 1, 2, 1, 2, 9}}));
  CHECK(can_be({{Act::add, 1, 2, 0, 1, 10}, {Act::add, 1, 1, 1, 2, 9}}));
}

TEST_CASE("Two threads that both insert, or both erase, are refused") {
  CHECK_FALSE(can_be({{Act::insert, 1, 1, 0, 1, 10}, {Act::insert, 2, 1, 1, 2, 9}}));
  CHECK_FALSE(can_be({{Act::insert, 1, 1, 0, 1, 2}, {Act::erase, 0, 1, 0, 3, 10}, {Act::erase, 0, 1, 1, 4, 9}}));
  CHECK_FALSE(can_be({{Act::get_or_insert, 1, 1, 0, 1, 10}, {Act::get_or_insert, 2, 2, 1, 2, 9}}));
  CHECK(can_be({{Act::get_or_insert, 1, 2, 0, 1, 10}, {Act::get_or_insert, 2, 2, 1, 2, 9}}));
}

TEST_CASE("Moments of four threads that depend on each other in a ring are refused") {
  // Each find sees the other's value first: no order of the two assigns fits both.
  const std::vector<Operation> ring{{Act::assign, 1, 1, 0, 1, 20}, {Act::assign, 2, 0, 1, 2, 19},
                                    {Act::find, 0, 1, 2, 3, 6},    {Act::find, 0, 2, 2, 7, 12},
                                    {Act::find, 0, 2, 3, 4, 5},    {Act::find, 0, 1, 3, 8, 11}};
  CHECK_FALSE(can_be(ring));
}

TEST_CASE("A history goes on where the one before has ended, with every value that it may have left") {
  OneKey key;
  CHECK(key.follow({{Act::assign, 1, 1, 0, 1, 10}, {Act::assign, 2, 0, 1, 2, 9}}));
  CHECK(key.follow({{Act::find, 0, 2, 0, 11, 12}}));
  OneKey another;
  CHECK(another.follow({{Act::assign, 1, 1, 0, 1, 10}, {Act::assign, 2, 0, 1, 2, 9}}));
  CHECK_FALSE(another.follow({{Act::find, 0, 1, 0, 11, 12}}));
}

TEST_CASE("Random histories made by moments are accepted, and with one result changed nearly always refused") {
  std::mt19937_64 random = test_generator(940);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    // Threads run one operation after the other, each with a moment in it; the moments say what comes out.
    struct Moment {
      std::uint64_t time;
      Operation op;
    };
    std::vector<Moment> moments;
    for (unsigned thread = 0; thread < 4; ++thread) {
      std::uint64_t time = 0;
      const auto later = [&] { return time = (time / 4 + 1 + random() % 20) * 4 + thread; };
      for (int i = 0; i < 30; ++i) {
        Operation op{static_cast<Act>(random() % 7), static_cast<std::int64_t>(random() % 100), 0, thread, later(), 0};
        const std::uint64_t moment = later();
        op.returned = later();
        moments.push_back({moment, op});
      }
    }
    std::sort(moments.begin(), moments.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    std::vector<Operation> history;
    std::int64_t value = absent;
    for (Moment& moment : moments) {
      Operation& op = moment.op;
      std::vector<std::int64_t> results{0, 1, value, op.argument, (value == absent ? 0 : value) + op.argument};
      for (const std::int64_t result : results) {
        op.result = result;
        if (const auto after = value_after(op, value)) {
          value = *after;
          break;
        }
      }
      history.push_back(op);
    }
    INFO(describe(history));
    REQUIRE(can_be(history));
    Operation& changed = history[random() % history.size()];
    changed.result = changed.result == 1 ? 0 : changed.result + 1;
    refused += can_be(history) ? 0 : 1;
  }
  CHECK(refused > 150);
}
