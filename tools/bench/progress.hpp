#pragma once
// A bar on standard error while something takes long: "  hash, build  [#####     ]  52 %".
//
// It appears after a second, changes ten times a second at most, and goes when the object ends.
// Where standard error is not a terminal there is none. Steps are cheap: the clock is read at
// one in 4096, or where fewer are to come, at each hundredth of all.
//
// Threads: one at a time.

#include <chrono>
#include <cstddef>
#include <string>

namespace bench {

class Progress {
 public:
  Progress(std::string title, std::size_t steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step(std::size_t count = 1) {
    done_ += count;
    if (done_ >= next_look_) look();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void look();

  std::string title_;
  std::size_t steps_;
  std::size_t done_ = 0;
  std::size_t next_look_;
  Clock::time_point next_drawing_;
  bool drawn_ = false;
};

}  // namespace bench
