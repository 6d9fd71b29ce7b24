#include "runtime/upkeep.hpp"

#include "collector/heap/heap.hpp"
#include "collector/report/ledger.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

void Upkeep::ask(void* object, Function function) {
  const std::lock_guard lock(mutex_);
  asked_.push_back({object, function});
}

// What is asked for meanwhile stands behind, and is for the next time.
Upkept Upkeep::run(Runtime& runtime, std::uint64_t most_ns) {
  std::unique_lock lock(mutex_);
  if (asked_.empty()) return {};
  const std::uint64_t begun_ns = collector::steady_ns();
  Upkept upkept;
  const auto due = static_cast<std::ptrdiff_t>(asked_.size());
  std::ptrdiff_t left = 0;
  for (std::ptrdiff_t i = 0; i < due; ++i) {
    const Asked asked = asked_[static_cast<std::size_t>(i)];
    bool again = collector::steady_ns() - begun_ns >= most_ns;
    if (!again) {
      ++upkept.calls;
      lock.unlock();
      again = asked.function(runtime, asked.object);
      lock.lock();
    }
    if (again) asked_[static_cast<std::size_t>(left++)] = asked;
  }
  asked_.erase(asked_.begin() + left, asked_.begin() + due);
  upkept.ns = collector::steady_ns() - begun_ns;
  return upkept;
}

std::size_t Upkeep::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_.size();
}

void Upkeep::forget_dead(const collector::StoppedWorld&, const collector::Heap& heap) {
  const std::lock_guard lock(mutex_);
  std::erase_if(asked_, [&](const Asked& asked) { return !heap.marked(asked.object); });
}

}  // namespace midden::inline MIDDEN_ABI::runtime
