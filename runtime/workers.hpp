#pragma once
// The threads of a Runtime that help to mark: asleep between cycles.
//
//   called ──▶ help(number) ──▶ asleep until the next call
//
// They are started when they are first called, so that a Runtime with a small heap has none. They
// are no mutators, and take no signals: those are the host's.
//
// Threads: `call` and `end` on one at a time.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "collector/ports.hpp"
#include "runtime/processors.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class Workers final : public collector::Crew {
 public:
  // `begin` is run on each thread, before anything else. Requires: the placement outlives this.
  Workers(std::size_t helpers, const Placement& placement, std::function<void()> begin)
      : helpers_(helpers), placement_(placement), begin_(std::move(begin)) {}
  ~Workers() { end(); }

  std::size_t helpers() const override { return helpers_; }
  void call(collector::Chore& chore) override;
  // Ends the threads; those that help finish it first.
  void end();

 private:
  void start();
  void live(std::size_t number, std::uint64_t calls);

  const std::size_t helpers_;
  const Placement& placement_;
  const std::function<void()> begin_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable called_;
  // Under the mutex.
  collector::Chore* chore_ = nullptr;
  std::uint64_t calls_ = 0;
  bool ending_ = false;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
