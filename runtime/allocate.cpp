// The slow paths of allocation, and the objects whose size is known at run time only.

#include <algorithm>
#include <string>

#include <midden/make.hpp>
#include <midden/segment.hpp>
#include <midden/string.hpp>

#include "runtime/core.hpp"
#include "runtime/fatal.hpp"

namespace midden::inline MIDDEN_ABI {

namespace {

std::byte* allocate_type(detail::Mutator& mutator, collector::Type& type, std::size_t elements) {
  detail::poll(mutator);
  runtime::Thread& thread = runtime::thread_of(mutator);
  return thread.core.allocate(thread, type, elements);
}

Root<void> make_object_in(detail::Mutator& mutator, TypeHandle handle, std::size_t elements) {
  detail::require_current(mutator);
  collector::Type& type = runtime::thread_of(mutator).core.added_types().find(handle);
  std::byte* memory = allocate_type(mutator, type, elements);
  detail::publish_object();
  return Root<void>(mutator, memory);
}

}  // namespace

namespace detail {

std::byte* allocate_fixed_slow(Mutator& mutator, std::uint32_t slot, const TypeInfo& type) {
  require_current(mutator);
  runtime::Thread& thread = runtime::thread_of(mutator);
  if (std::byte* object = thread.allocator.next_in_span(slot)) return object;
  return thread.core.allocate_fixed(thread, slot, type);
}

std::byte* allocate_elements(Mutator& mutator, std::uint32_t slot, const TypeInfo& type, std::size_t elements) {
  require_current(mutator);
  runtime::Thread& thread = runtime::thread_of(mutator);
  return allocate_type(mutator, thread.core.bind(thread, slot, type), elements);
}

bool extend_elements(Mutator& mutator, void* object, std::size_t elements) {
  require_current(mutator);
  poll(mutator);
  runtime::Thread& thread = runtime::thread_of(mutator);
  return thread.core.extend(thread, object, elements);
}

void require_listed(const TypeInfo& type, const Construction& noted) {
  if (type.scan != nullptr) return;
  for (const std::size_t offset : noted.offsets) {
    bool listed = false;
    for (const std::uint32_t known : type.refs) listed = listed || known == offset;
    if (listed) continue;
    runtime::fatal("a type forgot one of its references", std::string(type.name) + " has a Ref at offset " +
                                                              std::to_string(offset) +
                                                              " that its midden_refs does not list");
  }
}

}  // namespace detail

Root<void> make_object(TypeHandle type, std::size_t elements) { return make_object_in(detail::here(), type, elements); }
Root<void> make_object(Attach& here, TypeHandle type, std::size_t elements) {
  return make_object_in(here.mutator(), type, elements);
}

Root<String> make_string(std::string_view text) {
  detail::Mutator& mutator = detail::here();
  std::byte* memory = detail::allocate_elements(mutator, detail::type_slot<String>, type_info<String>(), text.size());
  auto* string = new (static_cast<void*>(memory)) String(text.size());
  text.copy(reinterpret_cast<char*>(memory + sizeof(String)), text.size());
  detail::publish_object();
  return Root<String>(mutator, string);
}
Root<String> make_string(Attach& here, std::string_view text) {
  detail::require_current(here.mutator());
  return make_string(text);
}

Root<Segment> make_segment(Attach& here, std::size_t bytes) {
  detail::Mutator& mutator = here.mutator();
  std::byte* memory = detail::allocate_elements(mutator, detail::type_slot<Segment>, type_info<Segment>(), bytes);
  auto* segment = new (static_cast<void*>(memory)) Segment(bytes);
  detail::publish_object();
  return Root<Segment>(mutator, segment);
}

void commit(Attach& here, Segment& segment, std::size_t bytes) {
  detail::Mutator& mutator = here.mutator();
  detail::require_current(mutator);
  detail::poll(mutator);
  runtime::Thread& thread = runtime::thread_of(mutator);
  thread.core.commit_segment(thread, &segment, std::min(bytes, segment.size()) + sizeof(Segment));
}

void discard(Runtime& runtime, std::byte* begin, std::size_t bytes) noexcept {
  runtime.core().heap().discard_in_segment(begin, bytes);
}

}  // namespace midden::inline MIDDEN_ABI
