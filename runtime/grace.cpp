#include "runtime/grace.hpp"

#include <midden/fault.hpp>

#include "collector/report/ledger.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

using detail::blocked_bit;
using detail::grace_bit;

std::uint64_t GracePeriods::ask(const Threads& threads) {
  wanted_ = under_way_ + 1;
  begin(threads);  // nothing while one is under way
  return wanted_;
}

// Begins those that are wanted, until one has somebody to wait for.
void GracePeriods::begin(const Threads& threads) {
  while (pending_ == 0 && under_way_ < wanted_) {
    ++under_way_;
    begun_ns_ = collector::steady_ns();
    for (const auto& thread : threads) {
      // Raised in any case: a thread that unblocks later then sees what was taken out before.
      const bool blocked = (Word(*thread).set(grace_bit) & blocked_bit) != 0;
      const bool reads = blocked && thread->reading != 0;
      if (reads) thread->grace_waits = true;
      if (blocked) Word(*thread).clear(grace_bit);
      thread->in_grace = (!blocked || reads) && !broken(Defect::grace_ignored);
      pending_ += thread->in_grace;
    }
    if (pending_ == 0) end();
  }
  over_.notify_all();
}

void GracePeriods::pass(Thread& thread, const Threads& threads) {
  Word(thread).clear(grace_bit);
  if (!thread.in_grace) return;
  if (thread.reading != 0) {
    thread.grace_waits = true;
  } else {
    settle(thread, threads);
  }
}

void GracePeriods::leave(Thread& thread, const Threads& threads) {
  if (thread.in_grace) settle(thread, threads);
}

void GracePeriods::settle(Thread& thread, const Threads& threads) {
  thread.in_grace = false;
  if (--pending_ != 0) return;
  end();
  begin(threads);
}

void GracePeriods::wait(std::uint64_t period) const noexcept {
  for (std::uint64_t now = over(); now < period; now = over()) over_.wait(now, std::memory_order_acquire);
}

GraceReport GracePeriods::report(const Threads& threads) const {
  GraceReport report{.over = over(), .asked = wanted_};
  if (pending_ == 0) return report;
  report.waiting_ns = collector::steady_ns() - begun_ns_;
  for (const auto& thread : threads) {
    if (thread->in_grace) report.waits_for.push_back(thread->name);
  }
  return report;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
