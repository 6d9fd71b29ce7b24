#include "runtime/own_roots.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <midden/fault.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

OwnRoots::OwnRoots(const void* near) {
  window_.begin = reinterpret_cast<std::uintptr_t>(near) / page_bytes * page_bytes - page_bytes;
  window_.bytes = 2 * page_bytes;
  marks_.reset(new bool[words()]());
  window_.marks = marks_.get();
}

void OwnRoots::place(detail::RootPlace& root) noexcept {
  if (root.enter(window_)) return;
  if (!reach(&root) || !root.enter(window_)) root.link_after(list_);
}

bool OwnRoots::reach(const void* root) noexcept {
  const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(root) / page_bytes * page_bytes;
  const std::uintptr_t end = window_.begin + window_.bytes;
  const bool below = page < window_.begin;
  const std::size_t needed = below ? end - page : page + page_bytes - window_.begin;
  if (needed > most_bytes) return false;
  const std::size_t bytes = std::min(std::max(needed, 2 * window_.bytes), most_bytes);

  std::unique_ptr<bool[]> marks(new (std::nothrow) bool[bytes / detail::root_word_bytes]());
  if (marks == nullptr) return false;
  const detail::RootWindow larger{below ? end - bytes : window_.begin, bytes, marks.get()};
  if (!broken(Defect::root_window))
    for_each_in_window([&](detail::RootPlace& root_there) { root_there.enter(larger); });
  window_ = larger;
  marks_ = std::move(marks);
  return true;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
