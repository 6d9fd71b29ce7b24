// Core's part of allocation: what becomes of a request that the heap has no memory for at once.
//
//   cycle_needed, limit_reached, out_of_memory    a cycle, and again; OutOfMemory where that does not help
//   poll_needed                                   a poll, and again
//
// In a DeferSafepoints scope neither can come: there it sweeps to the end instead of polling, and notes the
// cycle and throws SafepointDeferred. Cycles that ran outside since the first try count as if they had run here.

#include <cstdint>
#include <optional>

#include "runtime/core.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

// Of an object with so many elements; none where no size_t holds it.
std::optional<std::size_t> object_bytes(const TypeInfo& type, std::size_t elements) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(elements, type.element_size, &bytes)) return std::nullopt;
  if (__builtin_add_overflow(bytes, type.size, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

template <class Attempt>
auto Core::insist(Thread& thread, std::size_t bytes, Attempt&& attempt) {
  // However this ends, the attempts may have moved the table of cursors.
  struct Refresh {
    Thread& thread;
    ~Refresh() { thread.refresh_cursors(); }
  } const refresh{thread};
  const bool deferring = thread.deferring != 0;
  auto collections = deferring ? thread.granted_cycles : 0;
  auto effort = collections == 0 ? collector::Effort::normal : collector::Effort::beyond_trigger;
  while (true) {
    const std::uint64_t seen = started();
    const auto grant = attempt(effort);
    if (grant.verdict == collector::Verdict::memory) return grant;
    if (grant.verdict == collector::Verdict::poll_needed) {
      detail::poll(thread);
      // After a cycle all is to be swept anew: where one follows the other, polling would never end.
      if (deferring || started() != seen) effort = collector::Effort::without_polls;
      continue;
    }
    // Other threads may take what a cycle freed; a second try is fair, a third is a spiral.
    const bool hopeless = collections == 2 || (collections == 1 && grant.verdict == collector::Verdict::out_of_memory);
    if (hopeless) {
      throw OutOfMemory(grant.verdict == collector::Verdict::limit_reached
                            ? "midden: out of memory: the heap has reached MIDDEN_HEAP_MAX (Config::heap_max)"
                            : "midden: out of memory: the system gives no more, or the reserved range is used up "
                              "(Config::reserve)");
    }
    const Cause cause = grant.verdict == collector::Verdict::cycle_needed ? Cause::growth : Cause::limit;
    if (deferring) {
      thread.refused = {cause, seen, bytes};
      throw SafepointDeferred();
    }
    collect(cause, seen, bytes);
    effort = collector::Effort::beyond_trigger;
    ++collections;
  }
}

collector::Type& Core::bind(Thread& thread, std::uint32_t slot, const TypeInfo& info) {
  if (slot == 0) return heap_.types().find(info);
  if (thread.types.size() <= slot) thread.types.resize(slot + 1);
  if (thread.types[slot] == nullptr) thread.types[slot] = &heap_.types().find(info);
  return *thread.types[slot];
}

std::byte* Core::allocate_fixed(Thread& thread, std::uint32_t slot, const TypeInfo& info) {
  collector::Type& type = bind(thread, slot, info);
  if (slot == 0) return allocate(thread, type, 0);
  stress_allocation(thread);
  const auto attempt = [&](collector::Effort effort) { return thread.allocator.allocate_fixed(slot, type, effort); };
  return born(insist(thread, info.size, attempt).memory);
}

std::byte* Core::allocate(Thread& thread, collector::Type& type, std::size_t elements) {
  stress_allocation(thread);
  const std::optional<std::size_t> bytes = object_bytes(type.info(), elements);
  if (!bytes || *bytes > heap_.address_space().reserved_blocks() * collector::block_bytes) {
    throw OutOfMemory("midden: out of memory: the object is larger than the reserved range (Config::reserve)");
  }
  const auto attempt = [&](collector::Effort effort) { return thread.allocator.allocate(type, *bytes, effort); };
  return born(insist(thread, *bytes, attempt).memory);
}

bool Core::extend(Thread& thread, void* object, std::size_t elements) {
  const std::size_t before = heap_.slot_bytes_of(object);
  if (before <= collector::max_small_bytes) return false;
  const std::optional<std::size_t> bytes = object_bytes(heap_.type_of(object).info(), elements);
  if (!bytes) return false;
  const std::uint64_t seen = started();
  const std::size_t more = *bytes - std::min(before, *bytes);
  if (heap_.objects_due(more)) {
    if (thread.deferring != 0) return false;  // the caller allocates anew, and is told why not
    collect(Cause::growth, seen, more);
  }
  stress_allocation(thread);
  return heap_.extend_large(object, *bytes);
}

void Core::commit_segment(Thread& thread, void* segment, std::size_t bytes) {
  stress_allocation(thread);
  insist(thread, bytes, [&](collector::Effort effort) {
    return collector::Grant{nullptr, heap_.commit_segment(segment, bytes, effort)};
  });
}

void Core::stress_allocation(Thread& thread) {
  if (is_due(thread, &Stress::refuse)) throw OutOfMemory("midden: out of memory: refused by Config::stress (refuse)");
  if (!is_due(thread, &Stress::alloc)) return;
  if (thread.deferring != 0) return collect_at_next_poll(thread);
  collect(Cause::stress);
}

}  // namespace midden::inline MIDDEN_ABI::runtime
