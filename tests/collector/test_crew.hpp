#pragma once
// A crew for tests: threads that help at once, or when the test lets them.
//
// Threads: as Crew says; `release` from the test's.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "collector/ports.hpp"

namespace midden::collector_tests {

class TestCrew final : public collector::Crew {
 public:
  explicit TestCrew(std::size_t helpers, bool late = false) : held_(late) {
    for (std::size_t i = 1; i <= helpers; ++i) threads_.emplace_back([this, i] { live(i); });
  }
  ~TestCrew() { end(); }
  // Ends the threads, after what they were called for: before that goes away.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
      ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::size_t helpers() const override { return threads_.size(); }
  void call(collector::Chore& chore) override {
    {
      const std::lock_guard lock(mutex_);
      chore_ = &chore;
      ++calls_;
    }
    changed_.notify_all();
  }
  std::uint64_t calls() const { return calls_; }
  // Lets late helpers go, and waits until each has been there and back.
  void release() {
    std::unique_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
    changed_.wait(lock, [&] { return served_ == calls_ * threads_.size(); });
  }

 private:
  void live(std::size_t number) {
    std::unique_lock lock(mutex_);
    for (std::uint64_t seen = 0;;) {
      changed_.wait(lock, [&] { return !held_ && (ending_ || calls_ != seen); });
      if (calls_ == seen) return;
      ++seen;
      collector::Chore& chore = *chore_;
      lock.unlock();
      chore.help(number);
      lock.lock();
      ++served_;
      changed_.notify_all();
    }
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_;
  bool ending_ = false;
  collector::Chore* chore_ = nullptr;
  std::uint64_t calls_ = 0;
  std::uint64_t served_ = 0;
};

// Declared behind what marks with a crew: ends the crew first.
class EndOf {
 public:
  explicit EndOf(TestCrew& crew) : crew_(crew) {}
  ~EndOf() { crew_.end(); }
  EndOf(const EndOf&) = delete;
  EndOf& operator=(const EndOf&) = delete;

 private:
  TestCrew& crew_;
};

}  // namespace midden::collector_tests
