#include "runtime/backtrace.hpp"

#define UNW_LOCAL_ONLY
#include <cxxabi.h>
#include <libunwind.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace midden::inline MIDDEN_ABI::runtime {

CallStack capture_stack(std::size_t skip) {
  CallStack stack;
  std::array<void*, CallStack::max_frames> frames{};
  const int walked = unw_backtrace(frames.data(), static_cast<int>(frames.size()));
  const std::size_t first = std::min(skip + 1, static_cast<std::size_t>(std::max(walked, 0)));
  stack.count = static_cast<std::size_t>(std::max(walked, 0)) - first;
  std::copy_n(frames.begin() + static_cast<std::ptrdiff_t>(first), stack.count, stack.frames.begin());
  return stack;
}

namespace {

std::string function_at(void* address) {
  unw_cursor_t cursor;
  unw_context_t context;
  unw_getcontext(&context);
  if (unw_init_local(&cursor, &context) != 0) return "?";
  // A return address lies behind the call; the byte before it is inside.
  const auto inside = static_cast<unw_word_t>(reinterpret_cast<std::uintptr_t>(address) - 1);
  if (unw_set_reg(&cursor, UNW_REG_IP, inside) != 0) return "?";
  char mangled[1024];
  unw_word_t offset = 0;
  if (unw_get_proc_name(&cursor, mangled, sizeof mangled, &offset) != 0) return "?";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  char tail[32];
  std::snprintf(tail, sizeof tail, " + 0x%llx", static_cast<unsigned long long>(offset));
  return std::string(status == 0 ? name.get() : mangled) + tail;
}

}  // namespace

std::string describe(const CallStack& stack) {
  std::string text;
  for (std::size_t i = 0; i < stack.count; ++i) {
    char head[48];
    std::snprintf(head, sizeof head, "  #%zu %p ", i, stack.frames[i]);
    text.append(head).append(function_at(stack.frames[i])).append("\n");
  }
  return text.empty() ? "  (empty)\n" : text;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
