#pragma once
// One round of a scenario: a seed, what is to be done with it, and how far it has come.
//
//   scenario(round)       makes Runtimes, then   round.each(f)                  one thread
//                                           or   round.together(runtime, f)     several
//                         f(random, ...) is one operation; it fails (failure.hpp) where something is not as it must be
//
// All that a round does derives from its seed: its configuration, its operations, each with numbers of its own. A
// round of one thread does the same each time; one of several does the same operations in another order.
//
// Threads: a Round is read by all of its threads; each writes its own count.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <midden/midden.hpp>

#include "tools/stress/failure.hpp"
#include "tools/stress/random.hpp"

namespace stress {

inline constexpr unsigned most_threads = 16;

// What to do, as the command line and the one who looks for a shorter history say it.
struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t operations = 0;         // of each thread
  std::vector<std::uint64_t> only{};    // if not empty: the numbers of those to be done, ascending
  unsigned threads = 3;                 // of scenarios that have several
  std::vector<std::string> backends{};  // of maps
  bool check = true;                    // rounds may have checked heaps
  bool told = false;                    // each operation says on standard output what it does
  // No operation begins later, nor so long after the round has begun: a round ends that is slow, and the next has
  // another configuration.
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
  std::chrono::nanoseconds longest = std::chrono::hours(24);
};

// How far each thread has come; lock-free, so that it can be read in a signal handler.
class Progress {
  using Clock_ = std::chrono::steady_clock;

 public:
  // `tell` is called by a thread that goes on, about as often as that.
  void begin(std::chrono::nanoseconds every, void (*tell)()) {
    for (auto& number : numbers_) number.store(0, std::memory_order_relaxed);
    every_ = every.count();
    tell_ = tell;
    told_.store(Clock_::now().time_since_epoch().count(), std::memory_order_relaxed);
  }
  void note(unsigned thread, std::uint64_t number) {
    numbers_[thread].store(number, std::memory_order_relaxed);
    const std::int64_t now = Clock_::now().time_since_epoch().count();
    std::int64_t told = told_.load(std::memory_order_relaxed);
    if (now - told > every_ && told_.compare_exchange_strong(told, now, std::memory_order_relaxed)) tell_();
  }
  std::uint64_t farthest() const {
    std::uint64_t most = 0;
    for (const auto& number : numbers_) most = std::max(most, number.load(std::memory_order_relaxed));
    return most;
  }

 private:
  std::array<std::atomic<std::uint64_t>, most_threads> numbers_{};
  std::atomic<std::int64_t> told_{0};
  std::int64_t every_ = 0;
  void (*tell_)() = nullptr;
};

class Round {
 public:
  Round(const Plan& plan, Progress& progress) : plan_(plan), progress_(progress) {}

  unsigned threads() const { return plan_.threads; }
  // Numbers for what comes before the operations: one generator for each purpose.
  Random setting(std::uint64_t purpose) const { return Random(plan_.seed, 1000 + purpose, 0); }
  // A backend of maps, as the plan allows.
  const std::string& backend(Random& random) const { return plan_.backends[random.below(plan_.backends.size())]; }
  const std::vector<std::string>& backends() const { return plan_.backends; }

  // A configuration as hosts and their testers have them, at random: small heaps that are collected often, checked,
  // stressed, marked by several, or with a grey stack of one entry. `alone`: one thread alone decides what happens
  // when.
  midden::Config configuration(Random random, bool alone) const;

  // f(random) for each operation of one thread.
  template <class F>
  void each_of(unsigned thread, F&& f) const {
    for (std::uint64_t number = 0; number < plan_.operations && !over(); ++number) one(thread, number, f);
  }
  // The same of the only one, who does those alone that the plan names.
  template <class F>
  void each(F&& f) const {
    if (plan_.only.empty()) return each_of(0, f);
    for (const std::uint64_t number : plan_.only) one(0, number, f);
  }

  // f(here, thread, random) for each operation of each thread, side by side, each attached to `runtime`. This thread,
  // which is attached, waits.
  template <class F>
  void together(midden::Runtime& runtime, F&& f) const {
    const midden::Blocked blocked;
    side_by_side([&](unsigned thread) {
      midden::Attach here(runtime, thread_name(thread));
      each_of(thread, [&](Random& random) { f(here, thread, random); });
    });
  }
  // f(thread) on several threads; this one waits, and is not attached or is Blocked.
  void side_by_side(const std::function<void(unsigned)>& f) const;
  // No more operations are to begin: the time is up.
  bool over() const { return std::chrono::steady_clock::now() >= plan_.until; }

  // What an operation does, for who reads a failing history.
  template <class... Arguments>
  void tell(fmt::format_string<Arguments...> words, Arguments&&... arguments) const {
    if (plan_.told) [[unlikely]]
      fmt::print("{} ", fmt::format(words, std::forward<Arguments>(arguments)...));
  }

 private:
  // One operation, counted.
  template <class F>
  void one(unsigned thread, std::uint64_t number, F&& f) const {
    progress_.note(thread, number);
    Random random(plan_.seed, thread, number);
    if (plan_.told) [[unlikely]]
      fmt::print("{:8}  ", number);
    // Here, where nothing has been unwound that may be broken.
    try {
      f(random);
    } catch (const std::exception& error) {
      fail(std::string("an exception: ") + error.what());
    }
    if (plan_.told) [[unlikely]]
      fmt::print("\n");
  }

  static std::string thread_name(unsigned thread) { return "stress " + std::to_string(thread); }

  const Plan& plan_;
  Progress& progress_;
};

// A scenario: its name, what it does, and one round of it.
struct Scenario {
  std::string_view name;
  std::string_view about;
  bool threads = false;          // has several; its failures are not made shorter
  std::uint64_t operations = 0;  // of each thread, in a round
  void (*play)(const Round&) = nullptr;
};

// All there are, in the order in which they are played.
const std::vector<Scenario>& scenarios();

}  // namespace stress
