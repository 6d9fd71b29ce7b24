#include "tools/bench/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

namespace bench {

namespace {
constexpr std::size_t bar_width = 30;
}

Progress::Progress(std::string title, std::size_t steps)
    : title_(std::move(title)),
      steps_(steps),
      next_look_(isatty(STDERR_FILENO) != 0 ? 0 : std::numeric_limits<std::size_t>::max()),
      next_drawing_(Clock::now() + std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::look() {
  next_look_ = done_ + std::min<std::size_t>(4096, steps_ / 100);
  const Clock::time_point now = Clock::now();
  if (now < next_drawing_) return;
  next_drawing_ = now + std::chrono::milliseconds(100);
  drawn_ = true;
  const std::size_t done = std::min(done_, steps_);
  const std::size_t percent = steps_ == 0 ? 100 : done * 100 / steps_;
  fmt::print(stderr, "\r  {}  [{:<{}}] {:>3} %", title_, std::string(percent * bar_width / 100, '#'), bar_width,
             percent);
  std::fflush(stderr);
}

}  // namespace bench
