#include "runtime/backtrace.hpp"

#define UNW_LOCAL_ONLY
#include <cxxabi.h>
#include <libunwind.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace midden::inline MIDDEN_ABI::runtime {

// Step by step: unw_backtrace leaves a cache with each thread, which goes when the thread ends, by a
// lock that ThreadSanitizer does not survive so late.
CallStack capture_stack(std::size_t skip, std::size_t most) {
  CallStack stack;
  unw_cursor_t cursor;
  unw_context_t context;
  unw_getcontext(&context);
  if (unw_init_local(&cursor, &context) != 0) return stack;
  std::size_t left_out = skip + 1;  // this function
  do {
    unw_word_t address = 0;
    if (unw_get_reg(&cursor, UNW_REG_IP, &address) != 0 || address == 0) break;
    if (left_out > 0) {
      --left_out;
    } else {
      stack.frames[stack.count++] = reinterpret_cast<void*>(address);
    }
  } while (stack.count < std::min(most, CallStack::max_frames) && unw_step(&cursor) > 0);
  return stack;
}

Function function_of_call(void* address) {
  unw_cursor_t cursor;
  unw_context_t context;
  unw_getcontext(&context);
  if (unw_init_local(&cursor, &context) != 0) return {};
  // A return address lies behind the call; the byte before it is inside.
  const auto inside = static_cast<unw_word_t>(reinterpret_cast<std::uintptr_t>(address) - 1);
  if (unw_set_reg(&cursor, UNW_REG_IP, inside) != 0) return {};
  char symbol[1024];
  unw_word_t offset = 0;
  if (unw_get_proc_name(&cursor, symbol, sizeof symbol, &offset) != 0) return {};
  return {symbol, offset};
}

std::string readable(const std::string& symbol) {
  if (symbol.empty()) return "?";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? name.get() : symbol;
}

std::string describe(const CallStack& stack) {
  std::string text;
  for (std::size_t i = 0; i < stack.count; ++i) {
    const Function function = function_of_call(stack.frames[i]);
    char head[48];
    std::snprintf(head, sizeof head, "  #%zu %p ", i, stack.frames[i]);
    char tail[32] = "";
    if (!function.symbol.empty()) std::snprintf(tail, sizeof tail, " + 0x%zx", function.offset);
    text.append(head).append(readable(function.symbol)).append(tail).append("\n");
  }
  return text.empty() ? "  (empty)\n" : text;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
