#include "runtime/upkeep.hpp"

#include <utility>

namespace midden::inline MIDDEN_ABI::runtime {

void Upkeep::ask(void* object, Function function) {
  const std::lock_guard lock(mutex_);
  asked_.push_back({object, function});
}

void Upkeep::run(Runtime& runtime) {
  std::unique_lock lock(mutex_);
  std::vector<Asked> due = std::exchange(asked_, {});
  lock.unlock();
  std::erase_if(due, [&](const Asked& asked) { return !asked.function(runtime, asked.object); });
  if (due.empty()) return;
  lock.lock();
  asked_.insert(asked_.end(), due.begin(), due.end());
}

void Upkeep::trace(Tracer& tracer) {
  const std::lock_guard lock(mutex_);
  for (const Asked& asked : asked_) tracer.object(asked.object);
}

}  // namespace midden::inline MIDDEN_ABI::runtime
