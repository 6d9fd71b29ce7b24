#include "runtime/root_tables.hpp"

#include <map>
#include <vector>

#include <midden/fault.hpp>

namespace midden::inline MIDDEN_ABI {

namespace runtime {

namespace {

// What traces each root that `roots.for_each` shows.
auto tracing(Tracer& tracer) {
  return [&tracer](const detail::RootPlace& root) { tracer.object(root.object); };
}

}  // namespace

void ThreadRoots::trace(Tracer& tracer) {
  for (std::size_t part = 0; part < parts(); ++part) trace_part(part, tracer);
}

void ThreadRoots::trace_part(std::size_t part, Tracer& tracer) {
  if (broken(Defect::thread_roots) && part + 1 == parts()) return;
  const Thread& thread = *world_.threads()[part];
  thread.own_roots.for_each(tracing(tracer));
  for (const void* target : thread.barrier.overwritten) tracer.object(target);
}

void TaskRoots::add(detail::RootPlace& list) {
  const std::lock_guard lock(mutex_);
  lists_.insert(&list);
}

void TaskRoots::remove(detail::RootPlace& list) {
  const std::lock_guard lock(mutex_);
  lists_.erase(&list);
}

std::size_t TaskRoots::count() const {
  const std::lock_guard lock(mutex_);
  return lists_.size();
}

void TaskRoots::trace(Tracer& tracer) {
  const std::lock_guard lock(mutex_);
  for (const detail::RootPlace* list : lists_) {
    if (!broken(Defect::task_roots) || list != *lists_.begin()) list->for_each(tracing(tracer));
  }
}

std::string describe_roots(const collector::Heap& heap, const std::vector<void*>& named, const char* noun) {
  std::map<std::string, std::size_t> by_type;
  for (void* object : named) {
    ++by_type[object == nullptr ? "empty" : "of " + std::string(heap.type_of(object).info().name)];
  }
  std::string text = std::to_string(named.size());
  text.append(" ").append(noun).append(named.size() == 1 ? ":" : "s:");
  const char* separator = " ";
  for (const auto& [type, number] : by_type) {
    text.append(separator).append(std::to_string(number)).append(" ").append(type);
    separator = ", ";
  }
  return text;
}

}  // namespace runtime

namespace detail {

void GlobalRoots::add(AnyGlobalRoot& root) {
  const std::lock_guard lock(mutex_);
  roots_.insert(&root);
}

void GlobalRoots::remove(AnyGlobalRoot& root) {
  if (!process_.is_this()) return;  // who held the mutex may not be here
  const std::lock_guard lock(mutex_);
  roots_.erase(&root);
}

std::vector<void*> GlobalRoots::close() {
  const bool first = runtime_.exchange(nullptr, std::memory_order_relaxed) != nullptr;
  const std::lock_guard lock(mutex_);
  std::vector<void*> named;
  for (AnyGlobalRoot* root : roots_) {
    if (first) named.push_back(root->load());
    root->put(nullptr);
  }
  return named;
}

void GlobalRoots::trace(Tracer& tracer) {
  const std::lock_guard lock(mutex_);
  if (broken(Defect::global_roots)) return;
  for (const AnyGlobalRoot* root : roots_) tracer.object(root->load());
}

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
