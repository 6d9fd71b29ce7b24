#pragma once
// Threads that begin at the same time.
//
//   together(2, work)
//
//   this thread   work(0, start): prepares, start.wait() |  does it, answers
//   another       work(1, start): prepares,   ...   wait |  the same
//
// Threads: a Start belongs to one.

#include <cstddef>
#include <future>
#include <latch>
#include <type_traits>
#include <vector>

#include "tools/bench/timing.hpp"

namespace bench {

// A thread's own: it is counted also where it fails before it has waited.
class Start {
 public:
  explicit Start(std::latch& all) : all_(all) {}
  ~Start() {
    if (!begun_) all_.count_down();
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  // For the others.
  void wait() {
    begun_ = true;
    all_.arrive_and_wait();
  }
  // Waits, then calls make(i) once for each object; answers the time of that.
  template <class Make>
  double repeat(std::size_t objects, Make make) {
    wait();
    const Stopwatch watch;
    for (std::size_t i = 0; i < objects; ++i) make(i);
    return watch.seconds();
  }

 private:
  std::latch& all_;
  bool begun_ = false;
};

// Calls work(i, start) on so many threads, i = 0 on this one. What they have answered, in order; throws
// what one of them has thrown.
template <class Work>
auto together(std::size_t threads, const Work& work) {
  using Answer = std::invoke_result_t<Work, std::size_t, Start&>;
  std::latch all(static_cast<std::ptrdiff_t>(threads));
  const auto done = [&](std::size_t thread) {
    Start start(all);
    return work(thread, start);
  };
  std::vector<std::future<Answer>> others;
  for (std::size_t i = 1; i < threads; ++i) others.push_back(std::async(std::launch::async, done, i));
  std::vector<Answer> answers{done(0)};
  for (std::future<Answer>& one : others) answers.push_back(one.get());
  return answers;
}

}  // namespace bench
