#pragma once
// A World without threads: it counts stops and notices one that is nested.

#include <cstddef>
#include <functional>

#include "collector/ports.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector_tests {

class FakeWorld final : public collector::World {
 public:
  collector::StoppedWorld stop() override {
    REQUIRE_FALSE(stopped_);
    stopped_ = true;
    ++stops_;
    return collector::StoppedWorld(*this);
  }
  std::size_t mutators() const override { return 1; }
  collector::Latest latest() const override { return {"the only one", 7}; }

  bool stopped() const { return stopped_; }
  std::size_t stops() const { return stops_; }

  std::function<void()> resumed;  // what mutators do at once

 private:
  void resume() override {
    stopped_ = false;
    if (resumed) resumed();
  }

  bool stopped_ = false;
  std::size_t stops_ = 0;
};

}  // namespace midden::collector_tests
