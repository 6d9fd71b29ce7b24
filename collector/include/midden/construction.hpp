#pragma once
// The checked build's witnesses: of construction, and of stores across runtimes. In other builds
// this is nothing.
//
// While `make<T>` runs T's constructor, each Ref constructed inside the object notes its
// offset here. Afterwards `make` compares the notes with the type's list; a reference that the
// type forgot stops the process naming type and offset.
//
// The range of the heap a thread is attached to stands in `current_heap`; a reference stored to
// an object outside of it stops the process.
//
// Threads: the record belongs to the constructing thread; nested constructions form a stack.

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::detail {

struct Construction {
  const std::byte* begin;
  std::size_t size;
  Construction* outer;
  std::vector<std::size_t> offsets;
};

inline thread_local constinit Construction* construction = nullptr;

inline void note_edge(const void* edge) noexcept {
  if constexpr (checked) {
    const auto* address = static_cast<const std::byte*>(edge);
    for (Construction* frame = construction; frame != nullptr; frame = frame->outer) {
      if (address < frame->begin || address >= frame->begin + frame->size) continue;
      try {
        frame->offsets.push_back(static_cast<std::size_t>(address - frame->begin));
      } catch (const std::bad_alloc&) {  // a note is lost, and with it only a check
      }
      return;
    }
  } else {
    static_cast<void>(edge);
  }
}

struct HeapRange {
  const std::byte* begin = nullptr;
  std::size_t bytes = 0;  // 0: not attached
  void (*fault)(const void* edge, const void* target) = nullptr;
};

inline thread_local constinit HeapRange current_heap{};

inline void check_store(const void* edge, const void* target) noexcept {
  if constexpr (checked) {
    const HeapRange& heap = current_heap;
    if (target == nullptr || heap.bytes == 0) return;
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - heap.begin);
    if (offset >= heap.bytes) heap.fault(edge, target);
  } else {
    static_cast<void>(edge);
    static_cast<void>(target);
  }
}

}  // namespace midden::inline MIDDEN_ABI::detail
